/** `release`: what an operator held, or what only an operator could decide, goes on with the next run of its cadence. */
import { isHeld } from '../claims/table-state.ts'
import { truncationOver } from '../claims/truncation.ts'
import type { TableItem } from '../contracts/ledger.ts'
import { frozenEffect } from './hold.ts'
import { notNow, type Preview } from './table-verb.ts'
import { verbFor } from './verb-for.ts'

/** Throws LedgerError TG3304 if it is not held, or if its hold ends by another verb. */
export function releasing(item: TableItem): Preview {
  const table = item.raw_table_name
  if (!isHeld(item)) throw notNow('TG3304', item, 'there is no hold to end', `Look with \`tidegate status ${table}\`.`)
  const verb = item.hold_reason === null ? 'release' : verbFor[item.hold_reason]
  if (verb !== 'release')
    throw notNow('TG3304', item, `that hold ends with \`${verb}\``, `Type \`tidegate ${verb} ${table}\`.`)
  const decided = item.hold_reason === 'held_by_operator' || item.hold_reason === 'truncated_at_source'
  const after: TableItem = {
    ...item,
    revision: item.revision + 1,
    refresh_status: decided && isSettled(item) ? 'completed' : 'refresh_error',
    hold_reason: null,
    claim_owner: null,
    error: decided ? null : item.error,
    ...(item.hold_reason === 'truncated_at_source' ? truncationOver(item) : {}),
  }
  return {
    verb: 'release',
    before: item,
    after,
    effects: ['the next run of its cadence takes it up', frozenEffect(item)],
  }
}

/** Nothing is open, and the last batch is in the table. */
const isSettled = (item: TableItem): boolean => item.batch_id === null && item.last_committed_at_ms !== null
