/** `odpf_batch_config` and `odpf_raw_table_config` in memory. */
import { batchConfig, tableConfig } from '../contracts/config.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import { byUtf8, copyOf, emptyState, inner, type MemoryState } from './state.ts'

export function createMemoryConfigStore(state: MemoryState = emptyState()): ConfigStore {
  return {
    cadence: async (name) => copyOf(state.cadences.get(name)),
    cadences: async () =>
      copyOf([...state.cadences.values()].sort((a, b) => byUtf8(a.refresh_cadence, b.refresh_cadence))),
    tables: async (cadence) =>
      copyOf(
        [...inner(state.tableConfigs, cadence).values()].sort((a, b) =>
          byUtf8(a.source_table_name, b.source_table_name),
        ),
      ),
    table: async (cadence, table) => copyOf(inner(state.tableConfigs, cadence).get(table)),
    putCadence: async (config) => {
      state.cadences.set(config.refresh_cadence, batchConfig.parse(config))
    },
    putTable: async (config) => {
      inner(state.tableConfigs, config.refresh_cadence).set(config.source_table_name, tableConfig.parse(config))
    },
    putTableAsSeen: async (config, seen) => {
      if (state.tables.get(config.source_table_name)?.revision !== seen?.revision) return false
      inner(state.tableConfigs, config.refresh_cadence).set(config.source_table_name, tableConfig.parse(config))
      return true
    },
    deleteCadence: async (name) => {
      state.cadences.delete(name)
    },
    deleteTableAsSeen: async (cadence, table, seen) => {
      if (state.tables.get(table)?.revision !== seen?.revision) return false
      inner(state.tableConfigs, cadence).delete(table)
      return true
    },
    deleteTable: async (cadence, table) => {
      inner(state.tableConfigs, cadence).delete(table)
    },
  }
}
