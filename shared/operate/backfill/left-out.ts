/** Applied files of a span that a backfill leaves out, and why. */
import type { SettledFile } from '../../contracts/ledger.ts'

export type LeftOutReason =
  /** Of a full load before the current one: the table was replaced since. */
  | 'older_generation'
  /** Historical mode: the table has the commit of its batch. */
  | 'in_the_table'
  /** Historical mode: snapshots have expired, so that nobody can tell whether the table has the batch. */
  | 'history_expired'
  /** Historical mode: what says which files its batch had is gone, or does not fit the ledger. */
  | 'batch_not_whole'

export interface LeftOut {
  readonly file: SettledFile
  readonly reason: LeftOutReason
}

export const leaveOut = (file: SettledFile, reason: LeftOutReason): LeftOut => ({ file, reason })

const WHY: Record<LeftOutReason, string> = {
  older_generation: 'are of a full load before the current one',
  in_the_table: 'are of batches that the table has, whole or with rows that somebody deleted',
  history_expired: 'are of batches of which nobody can tell whether the table has them',
  batch_not_whole: 'are of batches whose files are not all known any more',
}

/** By reason, in words: `3 are of …`. */
export function leftOutTexts(left_out: readonly LeftOut[]): string[] {
  const counts = new Map<LeftOutReason, number>()
  for (const { reason } of left_out) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => `\`${count}\` ${WHY[reason]}`)
}
