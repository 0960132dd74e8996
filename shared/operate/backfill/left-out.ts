/** Applied files of a span that a backfill leaves out, and why. */
import type { SettledFile } from '../../contracts/ledger.ts'

/** `older_generation`: of a full load before the current one; the table was replaced since. */
export type LeftOutReason = 'older_generation'

export interface LeftOut {
  readonly file: SettledFile
  readonly reason: LeftOutReason
}

export const leaveOut = (file: SettledFile, reason: LeftOutReason): LeftOut => ({ file, reason })

const WHY: Record<LeftOutReason, string> = {
  older_generation: 'are of a full load before the current one',
}

/** By reason, in words: `3 are of …`. */
export function leftOutTexts(left_out: readonly LeftOut[]): string[] {
  const counts = new Map<LeftOutReason, number>()
  for (const { reason } of left_out) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => `\`${count}\` ${WHY[reason]}`)
}
