/** `retry`: a table that failed is tried again by the next run of its cadence, with its attempts counted anew. */
import { isHeld } from '../claims/table-state.ts'
import type { TableItem } from '../contracts/ledger.ts'
import { frozenEffect } from './hold.ts'
import { notNow, type Preview } from './table-verb.ts'
import { verbFor } from './verb-for.ts'

/** Throws LedgerError TG3305 if nothing failed, a run has the table, or its hold ends by another verb. */
export function retrying(item: TableItem): Preview {
  const table = item.raw_table_name
  const isOver = isHeld(item) && item.hold_reason !== null && verbFor[item.hold_reason] === 'retry'
  if (isHeld(item) && !isOver) {
    const verb = item.hold_reason === null ? 'release' : verbFor[item.hold_reason]
    throw notNow('TG3305', item, `that hold ends with \`${verb}\``, `Type \`tidegate ${verb} ${table}\`.`)
  }
  if (!isOver && item.refresh_status !== 'refresh_error')
    throw notNow('TG3305', item, 'nothing of it failed', `Look with \`tidegate status ${table}\`.`)
  const after: TableItem = {
    ...item,
    revision: item.revision + 1,
    refresh_status: 'refresh_error',
    hold_reason: null,
    claim_owner: null,
    failed_attempts: 0,
  }
  const effects = [
    'the next run of its cadence tries it again, and its failed attempts count from 0',
    frozenEffect(item),
  ]
  return { verb: 'retry', before: item, after, effects }
}
