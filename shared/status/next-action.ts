/** What an operator should do about a table now: one sentence, a dash when nothing. */
import type { HoldReason } from '../contracts/ledger.ts'
import { verbFor } from '../operate/verb-for.ts'
import type { TableStatusRow } from './row.ts'

/** What an operator does before the verb that ends the hold. */
const beforeVerb: Record<HoldReason, string> = {
  job_may_have_started: 'when its job run is known to have ended',
  owner_ended_unsettled: 'when its job run is known to have ended',
  full_load_put_again: 'a full load was put again, and is a reload now',
  late_beyond_window: 'a change file is older than the kept deletes: decide whether to apply or remove it',
  schema_changed:
    'the source has changed a key, or a type to one that the table can not widen to: do what its error says',
  late_partial_update: 'a change is older than a row that updates with nulls were folded into: reload the table',
  name_collision: 'two source tables share this ledger name: rename one of them at its source',
  planned_file_gone: 'put the file that its error names again',
  attempts_exhausted: 'mend what the error says',
  held_by_operator: 'when what its error says is settled',
  truncated_at_source:
    'all its files were deleted: load it in full; or `tidegate reload TABLE --complete` empties it; or, if its rows are to stay',
}

export function nextAction(row: Omit<TableStatusRow, 'next_action'>): string {
  switch (row.status) {
    case 'unregistered':
      return 'configure it, then `tidegate config apply`'
    case 'inactive':
      return row.waiting_files > 0 ? 'set `active: true` to have its files applied' : '-'
    case 'held':
      return holdNextAction(row.reason as HoldReason | null, row.table)
    case 'refresh_error':
      return `mend what the error says; \`tidegate run ${row.cadence}\` or the next cadence tries again`
    case 'updating_table':
      return 'a run is working on it'
    default:
      return row.waiting_files > 0 ? 'applied by its next run' : '-'
  }
}

/** What an operator does about a held table. */
export const holdNextAction = (reason: HoldReason | null, table: string): string =>
  reason === null
    ? `see its error, then \`tidegate release ${table}\``
    : `${beforeVerb[reason]}: \`tidegate ${verbFor[reason]} ${table}\``
