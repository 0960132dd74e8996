/** `odpf_file_processing_tracker` and its history: claims, and what each table holds. Memory, AWS: one contract suite. */
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem, TableRun } from '../contracts/ledger.ts'

export type Replaced = { readonly written: true } | { readonly written: false; readonly current: TableItem | undefined }

export interface TableLedger {
  /** Strongly consistent. */
  get(table: string): Promise<TableItem | undefined>
  /** Strongly consistent; tables without an item are left out. */
  getMany(tables: readonly string[]): Promise<Map<string, TableItem>>
  /** A scan, for operators only. */
  all(): Promise<TableItem[]>
  /**
   * Compare and set: writes `next` (whose revision is `seen`'s + 1, or 1) if the stored item still has `seen`'s revision, or
   * is absent when `seen` is undefined. The loser gets the stored item. With `run`, the history item is put in the same
   * transaction. With `config`, only if the table is configured by that very write of `config apply`; a later one loses this
   * writer the race too.
   */
  replace(next: TableItem, seen: TableItem | undefined, run?: TableRun, config?: TableConfig): Promise<Replaced>
  /** The history item of one run; strongly consistent. */
  run(table: string, runId: string): Promise<TableRun | undefined>
  /** Newest first. */
  runs(table: string, limit: number): Promise<TableRun[]>
}
