/**
 * A table that was truncated at its source: AWS DMS then deletes the table's files from the bucket and writes no change (DMS
 * guide, S3 target, `HandleSourceTableTruncated`), so its rows would stay in the target for ever, and nobody would know. It is a
 * reload that begins with the deletions: what was put before them is over, and of its full load nothing may ever come.
 */
import type { TableItem } from '../contracts/ledger.ts'
import type { MergeSpec, PlanEntry, TargetSpec } from '../contracts/plan.ts'
import type { EpochMs, EpochSeconds } from '../contracts/primitives.ts'
import { dateTimeOf } from '../date-time.ts'
import { type Hold, truncatedAtSource } from './hold.ts'
import { isClaimed, isHeld, isToBeEmptied } from './table-state.ts'

/** Deletions of one truncation are not further apart, seconds: DMS deletes a table's files in one go. */
export const ONE_GO_S = 3600

/** The item once its truncation is known: held at once, or when the run that has it lets it go. `empties`: without an operator. */
export function truncatedItem(item: TableItem, atS: EpochSeconds, nowMs: EpochMs, empties: boolean): TableItem {
  const noted: TableItem = { ...item, revision: item.revision + 1, truncated_at_s: atS }
  const next = empties ? toBeEmptied(noted) : noted
  if (isClaimed(item) || isHeld(item)) return next
  return { ...next, refresh_end_time: dateTimeOf(nowMs), ...heldBy(holdFor(next, atS)) }
}

/** With the word that no load will come: what an operator says by `reload --complete`, and `on_truncate: empty` by itself. */
export const toBeEmptied = (item: TableItem): TableItem => {
  const asked_at_s = item.reload?.asked_at_s ?? null
  return { ...item, reload: { asked_at_s, complete_from_s: item.truncated_at_s ?? null } }
}

/** What a run that lets the table go makes of it. A load that was put since stands for all that was truncated. */
export function afterTruncation(seen: TableItem, applied: PlanEntry | undefined): Partial<TableItem> {
  const atS = seen.truncated_at_s
  if (atS === undefined) return {}
  const loadedFromS = applied?.generation.from_s
  if (loadedFromS !== undefined && loadedFromS >= atS) return { truncated_at_s: undefined }
  return heldBy(holdFor(seen, atS))
}

/** The item when an operator decides that its rows stay. */
export const truncationOver = (item: TableItem): Partial<TableItem> => {
  const over = { truncated_at_s: undefined, truncation_over_s: item.truncated_at_s }
  if (!item.reload || !isToBeEmptied(item)) return over
  return { ...over, reload: item.reload.asked_at_s === null ? null : { ...item.reload, complete_from_s: null } }
}

type Emptiable = Pick<MergeSpec, 'mode'> & Pick<TargetSpec, 'format' | 'properties'>

/** Why a table can't be emptied, as the rest of a sentence that begins with its name; undefined if it can. */
export function notEmptied({ mode, format, properties }: Emptiable): string | undefined {
  if (mode === 'historical') return 'is a history, which keeps every version: a truncation is none'
  if (format === 'iceberg' && properties['format-version'] === '3')
    return 'is of format version 3, whose rows can only be merged'
  return undefined
}

const holdFor = (item: TableItem, atS: EpochSeconds) =>
  truncatedAtSource(item.raw_table_name, atS, isToBeEmptied(item) ? 'emptied' : 'decided')

const heldBy = ({ reason, error }: Hold) => ({ refresh_status: 'held' as const, hold_reason: reason, error })
