/** In words: what applying a file means for the tables that come, go or move. */
import type { AddedTable, Consequences, MovedTable, TableGone } from '../../shared/config/consequences.ts'
import { shown } from '../../shared/files/shown.ts'
import { plural } from '../lib/human.ts'

/** By table; a new table for which nothing waits, and one that nobody works on while it moves, need no words. */
export function consequenceTexts({ added, removed, moved }: Consequences): Map<string, string> {
  const texts = [
    ...added.map((one) => [one.table, addedText(one)] as const),
    ...removed.map((one) => [one.table, removedText(one)] as const),
    ...moved.map((one) => [one.table, movedText(one)] as const),
  ]
  return new Map(texts.filter(([, text]) => text !== ''))
}

const files = (count: number): string => plural(count, 'file')

function addedText({ cadence, active, waiting_files, has_data }: AddedTable): string {
  const again = has_data ? 'goes on where it was' : ''
  const waiting =
    waiting_files === 0
      ? ''
      : active
        ? `${files(waiting_files)} that waited: applied by the next run of ${shown(cadence)}`
        : `${files(waiting_files)} that waited: applied once it is active`
  return [again, waiting].filter((text) => text !== '').join('; ')
}

function removedText({ target, waiting_files, has_data, run, unresolved }: TableGone): string {
  return [
    has_data ? `${shown(target)} stays as it is` : 'it has no data yet',
    run === null ? '' : `the run ${run} has it, and finishes`,
    unresolved ? 'its last batch is not resolved, and stays frozen' : '',
    waiting_files === 0
      ? 'files of it that land wait in the ledger'
      : `${files(waiting_files)} and what lands from now on wait in the ledger`,
  ]
    .filter((text) => text !== '')
    .join('; ')
}

const movedText = ({ from, to, run }: MovedTable): string =>
  run === null ? '' : `the run ${run} of ${shown(from)} has it, and finishes; then ${shown(to)} takes over`
