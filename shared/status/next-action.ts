/** What an operator should do about a table now, in one sentence; a dash when nothing. */
import type { HoldReason } from '../contracts/ledger.ts'
import type { TableStatusRow } from './table-status.ts'

const afterHold: Record<HoldReason, string> = {
  job_may_have_started: 'look up the job run in the engine; the table stays held until it is known to have ended',
  owner_ended_unsettled: 'its execution ended before settling; see the execution, the table stays held until then',
  full_load_put_again: 'a full load was put again; reloading is not in this version, so remove the new full-load files',
  late_beyond_window: 'a change file is older than the kept deletes; decide whether to apply or remove it',
  name_collision: 'two source tables share this ledger name; rename one of them at its source',
  planned_file_gone: 'put the planned file again as it was',
}

export function nextAction(row: Omit<TableStatusRow, 'next_action'>): string {
  switch (row.status) {
    case 'unregistered':
      return 'add it to the configuration, then `tidegate config apply`; its files wait'
    case 'inactive':
      return row.waiting_files > 0 ? 'set `active: true` to have its files applied' : '-'
    case 'held':
      return row.reason === null ? 'see the error' : afterHold[row.reason as HoldReason]
    case 'refresh_error':
      return `mend what the error says; \`tidegate run ${row.cadence}\` or the next cadence tries again`
    case 'updating_table':
      return 'a run is working on it'
    default:
      return row.waiting_files > 0 ? `the next ${row.cadence} applies its files` : '-'
  }
}
