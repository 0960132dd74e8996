/** The file ledger as the reconciler reads it: which of many files it knows, and every file that waits. Memory, AWS: one contract suite. */
import type { LandedFile } from '../contracts/ledger.ts'

export interface FileName {
  readonly source_table_name: string
  readonly file_id: string
}

export interface FileCensus {
  /**
   * Those of `files` that wait or are in history, by `file_id`. One that is settled in the meantime may be missing: landing
   * looks again. Files are all different.
   */
  known(files: readonly FileName[]): Promise<Set<string>>
  /** Of one table, or of all; a page at a time, in no order. A file that is settled meanwhile may still be shown. */
  everyWaiting(table?: string): AsyncIterable<LandedFile>
}
