/** `unlock`: takes the claim from a run that is over but never said so. Only with evidence, or by force. */
import { isClaimed, isHeld, withUnprovedRun } from '../claims/table-state.ts'
import type { TableItem } from '../contracts/ledger.ts'
import { type Evidence, isOver, told } from './evidence.ts'
import { frozenEffect } from './hold.ts'
import { actError, notNow, type Preview } from './table-verb.ts'
import { verbFor } from './verb-for.ts'

/**
 * Throws LedgerError TG3306 if there is no lock on it, or if the evidence does not show that the holder's run is over and
 * nobody forces it, TG3307 if somebody does and it is `forbidden`: of a table with a single writer, `mayStillWrite`. If that says no, the
 * run is known to have ended. The frozen entry stays, forced or not: whatever an old job still does, the table decides.
 */
export function unlocking(item: TableItem, evidence: Evidence, force: boolean, forbidden?: boolean): Preview {
  const table = item.raw_table_name
  if (!isLocked(item)) {
    const verb = isHeld(item) && item.hold_reason !== null ? verbFor[item.hold_reason] : undefined
    const next = verb ? `Type \`tidegate ${verb} ${table}\`.` : `Look with \`tidegate status ${table}\`.`
    throw notNow('TG3306', item, 'no run has a lock on it', next)
  }
  if (!isOver(evidence) && !force)
    throw notNow(
      'TG3306',
      item,
      `it is not known that its run \`${item.glue_job_run_id}\` is over (${told(evidence)})`,
      'Wait until it is, or end it; `--force --reason TEXT` unlocks all the same, and then make sure that no job of that run still works.',
    )
  if (!isOver(evidence) && forbidden)
    throw notNow(
      'TG3307',
      item,
      `a Hudi table takes whatever a second writer commits, so force can't unlock it from the run \`${item.glue_job_run_id}\` (${told(evidence)})`,
      `End its job run in the engine and type \`tidegate unlock ${table}\` again; where the engine shows none, eleven days after the claim.`,
    )
  const how = isOver(evidence) ? told(evidence) : `by force, ${told(evidence)}`
  const message = `\`${table}\` was unlocked by an operator (${how}). The next run of its cadence looks whether the batch of \`${item.glue_job_run_id}\` is in the table.`
  const after: TableItem = {
    ...item,
    revision: item.revision + 1,
    refresh_status: 'refresh_error',
    hold_reason: null,
    claim_owner: null,
    ...(isOver(evidence) || forbidden === false ? {} : withRun(item)),
    error: actError('TG3311', message),
  }
  const effects = [`its run \`${item.glue_job_run_id}\` can settle nothing any more`, frozenEffect(item)]
  return { verb: 'unlock', before: item, after, effects }
}

/** The ledger's own limit. */
const MOST_UNPROVED = 20

/** As long as a run is among them, no look-up of another attempt proves that the batch never comes: its files stay frozen. */
function withRun(item: TableItem): Partial<TableItem> {
  const added = withUnprovedRun(item, item.glue_job_run_id)
  if (added.unproved_runs.length <= MOST_UNPROVED) return added
  throw notNow(
    'TG3306',
    item,
    `${MOST_UNPROVED} of its runs were unlocked by force already, and none is known to have ended`,
    'Look for their job runs first.',
  )
}

/** A run has it, or it is held since nobody knows what became of the run that had it. */
export const isLocked = (item: TableItem): boolean =>
  isClaimed(item) || (isHeld(item) && item.hold_reason !== null && verbFor[item.hold_reason] === 'unlock')
