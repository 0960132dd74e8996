/** Histories of target tables in memory: what a test says that they are, by `database.table`. */
import type { TableHistories, TableHistory } from '../ports/table-histories.ts'

export function createMemoryTableHistories() {
  const histories = new Map<string, TableHistory>()
  const port: TableHistories = { of: async ({ database, table }) => histories.get(`${database}.${table}`) }
  return { ...port, set: (name: string, history: TableHistory) => histories.set(name, history) }
}
