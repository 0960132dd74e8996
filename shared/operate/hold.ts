/** `hold`: no run touches the table until somebody releases it. Its files land and wait. */
import { isClaimed, isHeld } from '../claims/table-state.ts'
import type { TableItem } from '../contracts/ledger.ts'
import { actError, notNow, type Preview } from './table-verb.ts'

/**
 * Throws LedgerError TG3303 while a run has the table, or if it is held already. A hold under a run would have its
 * commit refused by the ledger, though the table has it.
 */
export function holding(item: TableItem, reason: string): Preview {
  const table = item.raw_table_name
  if (isHeld(item)) throw notNow('TG3303', item, 'no run touches it anyway', `\`tidegate explain ${table}\` says why.`)
  if (isClaimed(item))
    throw notNow(
      'TG3303',
      item,
      `the run \`${item.glue_job_run_id}\` works on it`,
      'Hold it when that run has ended; `tidegate pause` keeps its cadence from starting another.',
    )
  const after: TableItem = {
    ...item,
    revision: item.revision + 1,
    refresh_status: 'held',
    hold_reason: 'held_by_operator',
    error: actError(
      'TG3310',
      `\`${table}\` is held by an operator: ${reason}. When that is settled: \`tidegate release ${table}\`.`,
    ),
  }
  return { verb: 'hold', before: item, after, effects: ['no run touches it until it is released', frozenEffect(item)] }
}

/** What becomes of the open batch: the same for every verb, since none of them may unfreeze it. */
export const frozenEffect = (item: TableItem): string =>
  item.batch_id === null
    ? 'no batch is open: the next claim chooses among all waiting files'
    : 'its open batch stays frozen: the next claim issues the very same files, and the job first looks whether the table has them'
