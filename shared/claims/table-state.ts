/** What a table's ledger item says, in one place: nobody else lists statuses. */
import type { TableItem } from '../contracts/ledger.ts'

/** A claim is on it: a run works on it, or died with it. */
export const isClaimed = (item: TableItem | undefined): boolean => item?.refresh_status === 'updating_table'

/** It waits for an operator. */
export const isHeld = (item: TableItem | undefined): boolean => item?.refresh_status === 'held'

/** It was truncated at its source: a load that comes, or an operator's word, ends the hold. */
export const isHeldTruncated = (item: TableItem | undefined): boolean =>
  isHeld(item) && item?.hold_reason === 'truncated_at_source'

/** It is to be emptied, whether files wait or not. */
export const isToBeEmptied = (item: TableItem | undefined): boolean =>
  item?.truncated_at_s !== undefined && item.reload?.complete_from_s === item.truncated_at_s

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
