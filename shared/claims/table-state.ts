/** What a table's ledger item says, in one place: nobody else lists statuses. */
import type { TableItem } from '../contracts/ledger.ts'

/** A claim is on it: a run works on it, or died with it. */
export const isClaimed = (item: TableItem | undefined): boolean => item?.refresh_status === 'updating_table'

/** It waits for an operator. */
export const isHeld = (item: TableItem | undefined): boolean => item?.refresh_status === 'held'

/** The claim of this run, and no other run's. */
export const isClaimOf = (item: TableItem | undefined, runId: string): item is TableItem =>
  isClaimed(item) && item?.glue_job_run_id === runId

/** What changes when the batch is resolved and the file set may change. */
export const unfrozen = {
  batch_id: null,
  entry_uri: null,
  attempts: 0,
  unproved_runs: [] as string[],
  unproved_since_ms: undefined,
} as const

/** The item with one more run of which it must be known that it ended before any look-up unfreezes the files. */
export const withUnprovedRun = (
  item: TableItem,
  runId: string,
): Pick<TableItem, 'unproved_runs' | 'unproved_since_ms'> => ({
  unproved_runs: [...new Set([...item.unproved_runs, runId])],
  unproved_since_ms: undefined,
})
