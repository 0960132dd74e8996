/** Look-ups of many files at once in memory. */
import type { FileCensus } from '../ports/file-census.ts'
import { copyOf, type MemoryState } from './state.ts'

export function createMemoryFileCensus(state: MemoryState): FileCensus {
  return {
    known: async (files) => {
      const has = (in_: MemoryState['waiting'] | MemoryState['settled'], table: string, id: string): boolean =>
        in_.get(table)?.has(id) ?? false
      const found = files.filter(
        ({ source_table_name: table, file_id: id }) => has(state.waiting, table, id) || has(state.settled, table, id),
      )
      return new Set(found.map(({ file_id }) => file_id))
    },
    everyWaiting: async function* (table) {
      const tables = table === undefined ? [...state.waiting.keys()] : [table]
      for (const name of tables) for (const file of [...(state.waiting.get(name)?.values() ?? [])]) yield copyOf(file)
    },
  }
}
