/** What a table's rows were built by: it can't be changed under them, only by building them anew. */
import { createHash } from 'node:crypto'
import { isTuning } from '../config/target-format.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import { LedgerError } from '../errors.ts'

type Layout = Pick<TableConfig, 'merge' | 'target'> | Pick<PlanEntry, 'merge' | 'target'>

/**
 * The commit compares keys and sequences with the stored rows, and everything of the target was fixed when the table was made;
 * but `adopt` only says whether the first batch may find one, and some options of Hudi only how a commit is made. 64 hex digits; the same for equal settings in any order.
 */
export function layoutOf({ merge: { keys, mode, sequence_by }, target }: Layout): string {
  const { adopt: _, properties, ...fixed } = target
  const byName = (record: object) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify([
    keys,
    mode,
    sequence_by,
    byName(fixed),
    byName(properties).filter(([name]) => !isTuning(name)),
  ])
  return createHash('sha256').update(text).digest('hex')
}

/**
 * Throws LedgerError TG3116 if the table was rebuilt by other settings than are applied: until those are, its files wait, since
 * they would be merged by what the table is not made of any more.
 */
export function refuseOtherLayout(config: TableConfig, item: TableItem | undefined): void {
  if (!item?.rebuilt || item.rebuilt.layout === layoutOf(config)) return
  throw new LedgerError(
    'TG3116',
    `\`${item.raw_table_name}\` was rebuilt with other keys, mode, sequence or target than are applied. Its files wait: \`tidegate config apply\` the file that it was rebuilt with.`,
  )
}
