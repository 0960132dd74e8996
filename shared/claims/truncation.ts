/**
 * A table that was truncated at its source: AWS DMS then deletes the table's files from the bucket and writes no change (DMS
 * guide, S3 target, `HandleSourceTableTruncated`), so its rows would stay in the target for ever, and nobody would know.
 */
import type { TableItem } from '../contracts/ledger.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import type { EpochMs, EpochSeconds } from '../contracts/primitives.ts'
import { dateTimeOf } from '../date-time.ts'
import { type Hold, truncatedAtSource } from './hold.ts'
import { isClaimed, isHeld } from './table-state.ts'

/** The item once its truncation is known: held at once, or when the run that has it lets it go. */
export function truncatedItem(item: TableItem, atS: EpochSeconds, nowMs: EpochMs): TableItem {
  const noted = { ...item, revision: item.revision + 1, truncated_at_s: atS }
  if (isClaimed(item) || isHeld(item)) return noted
  return { ...noted, refresh_end_time: dateTimeOf(nowMs), ...heldBy(truncatedAtSource(item.raw_table_name, atS)) }
}

/** What a run that lets the table go makes of it. A load that was put since stands for all that was truncated. */
export function afterTruncation(seen: TableItem, applied: PlanEntry | undefined): Partial<TableItem> {
  const atS = seen.truncated_at_s
  if (atS === undefined) return {}
  const loadedFromS = applied?.generation.from_s
  if (loadedFromS !== undefined && loadedFromS >= atS) return { truncated_at_s: undefined }
  return heldBy(truncatedAtSource(seen.raw_table_name, atS))
}

const heldBy = ({ reason, error }: Hold) => ({ refresh_status: 'held' as const, hold_reason: reason, error })
