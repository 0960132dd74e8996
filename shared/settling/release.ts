/** The ledger item and the history item that a resolved attempt leaves: pure. */
import { afterFailedAttempt } from '../claims/attempts.ts'
import { layoutOf } from '../claims/layout.ts'
import { hasSingleWriter } from '../claims/single-writer.ts'
import { unfrozen } from '../claims/table-state.ts'
import { afterTruncation } from '../claims/truncation.ts'
import type { TableItem, TableRun } from '../contracts/ledger.ts'
import type { RowCounts, SchemaChange } from '../contracts/outcome.ts'
import type { PlanEntry, PlannedTable } from '../contracts/plan.ts'
import type { EpochMs, EpochSeconds } from '../contracts/primitives.ts'
import type { SettledTable } from '../contracts/runs.ts'
import { dateTimeOf } from '../date-time.ts'
import type { Failed, Resolution } from './resolution.ts'
import { higher, highest } from './sequences.ts'

export interface Attempt {
  readonly planned: PlannedTable
  readonly run_id: string
  readonly engine_run_id: string | null
  readonly rows: RowCounts | null
  readonly ended_at_ms: EpochMs
}

/** What failed for the last time that the table's `max_attempts` allows is held. */
export function counted(seen: TableItem, resolution: Failed): Resolution {
  if (!resolution.counts || resolution.kind === 'held') return resolution
  const { held, error } = afterFailedAttempt(seen, resolution.error)
  return held ? { ...resolution, kind: 'held', hold_reason: 'attempts_exhausted', error } : resolution
}

/** The item after the attempt. Token, generation and marks only grow; the entry goes when its batch is resolved. */
export function releasedItem(seen: TableItem, attempt: Attempt, resolution: Resolution): TableItem {
  const base: TableItem = {
    ...seen,
    revision: seen.revision + 1,
    refresh_end_time: dateTimeOf(attempt.ended_at_ms),
    engine_run_id: attempt.engine_run_id,
    claim_owner: null,
  }
  if (resolution.kind !== 'applied') {
    return {
      ...base,
      refresh_status: resolution.kind === 'held' ? 'held' : 'refresh_error',
      hold_reason: resolution.hold_reason,
      error: resolution.error,
      failed_attempts: seen.failed_attempts + (resolution.counts ? 1 : 0),
      ...(resolution.frozen ? {} : unfrozen),
      ...(resolution.kind === 'held' ? {} : afterTruncation(seen, undefined)),
    }
  }
  const { outcome } = resolution
  const { entry } = attempt.planned
  return {
    ...base,
    ...unfrozen,
    ...(hasSingleWriter(entry.target) ? unprovedOf(seen) : {}),
    refresh_status: 'completed',
    failed_attempts: 0,
    ...generationAfter(seen, attempt.planned.entry, highest(outcome.files.map((file) => file.max_sequence))),
    last_snapshot: outcome.snapshot ?? seen.last_snapshot,
    last_committed_at_ms: outcome.committed_at_ms ?? seen.last_committed_at_ms,
    last_batch_id: entry.batch_id,
    fresh_as_of_s: Math.max(seen.fresh_as_of_s ?? 0, freshAsOfS(entry)),
    hold_reason: null,
    error: null,
    ...afterTruncation(seen, entry),
  }
}

/** A table that was emptied is as its source was when it was truncated. */
const freshAsOfS = ({ files, generation: { from_s = 0 } }: PlanEntry): EpochSeconds =>
  Math.max(from_s, ...files.map((file) => file.put_at_s))

/** A commit resolves the batch, but where nothing refuses a second writer's commit, its end must be known all the same. */
const unprovedOf = ({ unproved_runs, unproved_since_ms }: TableItem) => ({ unproved_runs, unproved_since_ms })

/**
 * A reload begins a generation, with marks of its own, and what an operator said about it is done with; a word that was said
 * later is about the next one. A rebuild begins one too, with the files of the one before. An entry of an older generation
 * changes nothing of a newer one.
 */
function generationAfter(seen: TableItem, entry: PlanEntry, highestSequence: string | null) {
  const { generation } = entry
  if (generation.id <= seen.generation) {
    const isOlder = generation.id < seen.generation
    return isOlder ? {} : { applied_max_sequence: higher(seen.applied_max_sequence, highestSequence) }
  }
  const begun = { generation: generation.id, applied_max_sequence: highestSequence }
  const { from_s } = generation
  if (from_s === undefined)
    return { ...begun, rebuilt: { layout: layoutOf(entry), times: (seen.rebuilt?.times ?? 0) + 1 } }
  return { ...begun, generation_from_s: from_s, rebuilt: null, reload: saidLater(seen.reload, from_s) }
}

function saidLater(reload: TableItem['reload'], from_s: EpochSeconds): TableItem['reload'] {
  const ofNext = (atS: EpochSeconds | null | undefined) => (atS != null && atS > from_s ? atS : null)
  const [asked_at_s, complete_from_s] = [ofNext(reload?.asked_at_s), ofNext(reload?.complete_from_s)]
  return asked_at_s === null && complete_from_s === null ? null : { asked_at_s, complete_from_s }
}

/** The history item of the attempt: one for each table and run. */
export function runOf(seen: TableItem, attempt: Attempt, resolution: Resolution): TableRun {
  const { planned, rows } = attempt
  const applied = resolution.kind === 'applied'
  const error = applied ? null : resolution.error
  return {
    raw_table_name: planned.table,
    glue_job_run_id: attempt.run_id,
    engine_run_id: attempt.engine_run_id,
    refresh_cadence: seen.refresh_cadence,
    refresh_status: applied ? 'completed' : resolution.kind === 'held' ? 'held' : 'refresh_error',
    refresh_start_time: seen.refresh_start_time,
    refresh_end_time: dateTimeOf(attempt.ended_at_ms),
    result: applied ? resolution.outcome.result : resolution.result,
    claim_token: planned.token,
    batch_id: planned.entry.batch_id,
    attempt: planned.attempt,
    snapshot: applied ? resolution.outcome.snapshot : null,
    files: planned.entry.files.length,
    bytes: planned.entry.files.reduce((sum, file) => sum + file.bytes, 0),
    hold_reason: applied ? null : resolution.hold_reason,
    error,
    error_msg: error?.message ?? null,
    error_code: error?.code ?? null,
    number_of_rows_inserted: rows?.inserted ?? 0,
    number_of_rows_updated: rows?.updated ?? 0,
    number_of_rows_deleted: rows?.deleted ?? 0,
    rows,
    ...(applied && resolution.outcome.schema_changes
      ? { schema_changes: kept(resolution.outcome.schema_changes) }
      : {}),
    ended_at_ms: attempt.ended_at_ms,
    duration_ms: Math.max(0, attempt.ended_at_ms - seen.claimed_at_ms),
  }
}

const CHANGES_KEPT = 100
const LONGEST = 300

/** As much as an item of the ledger has room for, whatever a file's columns are called: all is in the commit. */
function kept(changes: readonly SchemaChange[]): SchemaChange[] {
  const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
  return changes.slice(0, CHANGES_KEPT).map(({ change, column, type, was }) => ({
    change,
    column: cut(column),
    type: cut(type),
    ...(was === undefined ? {} : { was: cut(was) }),
  }))
}

/** What the run reports of a table, always made from its history item: a repeated settling reports the same. */
export const settledTableOf = (run: TableRun): SettledTable => ({
  table: run.raw_table_name,
  status: run.refresh_status,
  reason: run.hold_reason ?? run.result,
  rows: run.rows,
  files: run.refresh_status === 'completed' ? run.files : 0,
  error: run.error,
})
