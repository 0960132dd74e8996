/** `odpf_file_processing_tracker` and its history in memory: every write is a compare and set on the revision. */
import { tableItem, tableRun } from '../contracts/ledger.ts'
import { OurError } from '../errors.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { byUtf8, copyOf, emptyState, inner, type MemoryState } from './state.ts'

export function createMemoryTableLedger(state: MemoryState = emptyState()): TableLedger {
  return {
    get: async (table) => copyOf(state.tables.get(table)),
    getMany: async (tables) => {
      const found = tables.map((table) => state.tables.get(table)).filter((item) => item !== undefined)
      return new Map(found.map((item) => [item.raw_table_name, copyOf(item)]))
    },
    all: async () => copyOf([...state.tables.values()].sort((a, b) => byUtf8(a.raw_table_name, b.raw_table_name))),
    // Nothing is awaited between the look and the write: that is what makes it one conditional write here.
    replace: async (next, seen, run, config) => {
      if (next.revision !== (seen?.revision ?? 0) + 1) {
        throw new OurError(
          'TG9111',
          `The item of \`${next.raw_table_name}\` has the revision \`${next.revision}\` after \`${seen?.revision ?? 0}\`. Please report it.`,
        )
      }
      const stored = state.tables.get(next.raw_table_name)
      const asConfigured =
        !config ||
        inner(state.tableConfigs, config.refresh_cadence).get(config.source_table_name)?.applied_at_ms ===
          config.applied_at_ms
      if (stored?.revision !== seen?.revision || !asConfigured) return { written: false, current: copyOf(stored) }
      const history = run && tableRun.parse(run)
      state.tables.set(next.raw_table_name, tableItem.parse(next))
      if (history) inner(state.runs, history.raw_table_name).set(history.glue_job_run_id, history)
      return { written: true }
    },
    run: async (table, runId) => copyOf(inner(state.runs, table).get(runId)),
    runs: async (table, limit) =>
      copyOf([...inner(state.runs, table).values()].sort((a, b) => b.ended_at_ms - a.ended_at_ms).slice(0, limit)),
  }
}
