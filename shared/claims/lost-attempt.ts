/** An attempt whose run ended without settling it: what its claim leaves, for the run that takes it over. Pure. */
import type { TableItem, TableRun } from '../contracts/ledger.ts'
import type { OutcomeError } from '../contracts/outcome.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { dateTimeOf } from '../date-time.ts'
import { afterFailedAttempt } from './attempts.ts'

/** The item to claim from, or to hold with if too many attempts failed in a row; the entry stays frozen in both. */
export function lostAttempt(
  seen: TableItem,
  entry: PlanEntry,
  job: 'over' | 'never_started',
  nowMs: EpochMs,
): { readonly item: TableItem; readonly run: TableRun } {
  const told: OutcomeError = {
    code: 'TG3114',
    message: `The run \`${seen.glue_job_run_id}\` ended without settling \`${seen.raw_table_name}\`; its job ${job === 'over' ? 'is over' : 'was never started'}. The next run looks into the table whether its batch is there.`,
    transient: true,
    details: null,
  }
  // A job that never was is nobody's failure.
  const counted =
    job === 'over'
      ? afterFailedAttempt(seen, told)
      : { failed_attempts: seen.failed_attempts, held: false, error: told }
  const { failed_attempts, held, error } = counted
  const ended = { refresh_end_time: dateTimeOf(nowMs), error }
  const hold = held ? { refresh_status: 'held' as const, hold_reason: 'attempts_exhausted' as const } : undefined
  return {
    item: { ...seen, revision: seen.revision + 1, ...ended, failed_attempts, ...hold },
    run: {
      ...ended,
      raw_table_name: seen.raw_table_name,
      glue_job_run_id: seen.glue_job_run_id,
      engine_run_id: null,
      refresh_cadence: seen.refresh_cadence,
      refresh_status: hold ? 'held' : 'refresh_error',
      refresh_start_time: seen.refresh_start_time,
      result: 'unknown',
      claim_token: seen.claim_token,
      batch_id: seen.batch_id,
      attempt: seen.attempts,
      snapshot: null,
      files: entry.files.length,
      bytes: entry.files.reduce((sum, file) => sum + file.bytes, 0),
      hold_reason: hold?.hold_reason ?? null,
      error_msg: error.message,
      error_code: error.code,
      number_of_rows_inserted: 0,
      number_of_rows_updated: 0,
      number_of_rows_deleted: 0,
      rows: null,
      ended_at_ms: nowMs,
      duration_ms: Math.max(0, nowMs - seen.claimed_at_ms),
    },
  }
}
