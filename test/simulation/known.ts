/** Where the simulator must look away: what is beyond its assumptions, and what it found and the product does not do yet (nothing now). */
import type { TableItem } from '../../shared/contracts/ledger.ts'
import type { FaultKind } from './faults.ts'

/** Kinds of which one history has no two. */
export const NOT_TOGETHER: readonly {
  readonly kind: FaultKind
  readonly without: readonly FaultKind[]
  readonly why: string
}[] = [
  {
    kind: 'job-zombie',
    without: ['job-storage-fails', 'file-gone-for-a-while', 'key-overwritten', 'file-poisoned', 'reload-in-the-middle'],
    why: 'Assumption: rule 3 rests on the word of the engine. A run that it calls ended, that lives, and whose batch a later attempt rejects, commits what was let go.',
  },
  {
    kind: 'reload-in-the-middle',
    without: ['file-poisoned', 'file-gone-for-a-while'],
    why: 'A reload waits as long as a file of it is in quarantine, and nobody here decides about those. If all that was applied is away when it is reconciled, that is a truncation, and nobody can tell by the puts alone what came of a reload that it met.',
  },
  {
    kind: 'table-truncated',
    without: [
      'job-zombie',
      'key-overwritten',
      'file-put-again',
      'file-late',
      'file-poisoned',
      'file-gone-for-a-while',
      'reload-in-the-middle',
      'rows-lost-and-backfilled',
    ],
    why: 'Truncated files are gone: a zombie of their batch is one that a later attempt rejects. Nobody can tell by the puts alone what came of a reload that a truncation met, or of a file whose key was used again; what is gone is not applied again.',
  },
  {
    kind: 'rows-lost-and-backfilled',
    without: ['key-overwritten', 'file-put-again'],
    why: 'What an overwritten file said is nowhere but in the rows: once those are deleted, nothing brings it back. A file that is put again may be a poisoned one.',
  },
]

/**
 * Tables that wait for somebody that the simulator does not have: the rest of the audit holds for them too.
 * TG4001: the history is gone, so nobody can tell whether the batch is there. By design.
 */
export const isBeyondHelp = (item: TableItem | undefined): boolean =>
  item?.entry_uri != null && item.error?.code === 'TG4001'
