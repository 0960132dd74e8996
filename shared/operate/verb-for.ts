/** Which verb ends which hold: one table, for the verbs' refusals and for what `status` says to do next. */
import type { HoldReason } from '../contracts/ledger.ts'

/**
 * `unlock`: a job may still work on the table, so it takes evidence that none does. `retry`: tried too often, and something was
 * mended since. `release`: somebody decided something, and only they can say that it is settled.
 */
export const verbFor: Record<HoldReason, 'unlock' | 'retry' | 'release'> = {
  job_may_have_started: 'unlock',
  owner_ended_unsettled: 'unlock',
  full_load_put_again: 'release',
  late_beyond_window: 'release',
  schema_changed: 'release',
  late_partial_update: 'release',
  name_collision: 'release',
  planned_file_gone: 'release',
  attempts_exhausted: 'retry',
  held_by_operator: 'release',
  truncated_at_source: 'release',
}
