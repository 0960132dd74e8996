/** What is known of a table, and what an operator should do about it now: one sentence, a dash when nothing. */
import type { HoldReason } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'

export interface TableStatusRow {
  readonly table: string
  /** Null: no configuration names the table. */
  readonly cadence: string | null
  /** Neither `unregistered`, for which files wait, nor `removed` tables are in a configuration. */
  readonly status:
    | 'unregistered'
    | 'removed'
    | 'inactive'
    | 'waiting'
    | 'new'
    | 'updating_table'
    | 'completed'
    | 'refresh_error'
    | 'held'
  readonly reason: string | null
  readonly waiting_files: number
  readonly waiting_bytes: number
  /** Put time of the oldest waiting file. */
  readonly oldest_put_ms: EpochMs | null
  readonly last_committed_ms: EpochMs | null
  readonly fresh_as_of_ms: EpochMs | null
  readonly applied_max_sequence: string | null
  readonly snapshot: string | null
  readonly last_run: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly target: string | null
  readonly next_action: string
}

const RELEASE = 'docs/how-to/look-after-it.md says how to release it'

const afterHold: Record<HoldReason, string> = {
  job_may_have_started: `look up the job run in the engine; once it is known to have ended, ${RELEASE}`,
  owner_ended_unsettled: `its execution ended before settling; once its job run is known to have ended, ${RELEASE}`,
  full_load_put_again: `a full load was put again; reloading is not in this version: decide which put counts, ${RELEASE}`,
  late_beyond_window: 'a change file is older than the kept deletes; decide whether to apply or remove it',
  name_collision: `two source tables share this ledger name: rename one of them at its source, ${RELEASE}`,
  planned_file_gone: 'put the planned file again as it was',
  attempts_exhausted: 'mend what the error says, then `tidegate retry TABLE`',
  held_by_operator: 'an operator holds it: `tidegate release TABLE` when the reason is gone',
}

export function nextAction(row: Omit<TableStatusRow, 'next_action'>): string {
  switch (row.status) {
    case 'unregistered':
      return 'configure it, then `tidegate config apply`'
    case 'inactive':
      return row.waiting_files > 0 ? 'set `active: true` to have its files applied' : '-'
    case 'held':
      return row.reason === null ? 'see the error' : afterHold[row.reason as HoldReason]
    case 'refresh_error':
      return `mend what the error says; \`tidegate run ${row.cadence}\` or the next cadence tries again`
    case 'updating_table':
      return 'a run is working on it'
    default:
      return row.waiting_files > 0 ? 'applied by its next run' : '-'
  }
}
