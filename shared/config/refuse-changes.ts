/** What can't be changed any more once a table has data: its rows were merged by it. */
import { ConfigurationError } from '../errors.ts'
import { shown } from '../files/shown.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import type { ConfigDifferences, FieldChange } from './differences.ts'

/** The commit compares keys and sequences with the stored rows, and everything of the target was fixed when the table was made. */
const isFixed = ({ field }: FieldChange): boolean =>
  ['merge.keys', 'merge.mode', 'merge.sequence_by'].includes(field) || field.startsWith('target.')

const TOLD = 10

/**
 * Throws ConfigurationError TG1222 (terminal), naming tables and fields, if a table with data, or with a batch that is not
 * resolved, would get other keys, mode, sequence or target.
 */
export async function refuseChangesUnderData(
  { tables }: ConfigDifferences,
  ledger: Pick<TableLedger, 'getMany'>,
): Promise<void> {
  const changed = tables.items
    .map(({ name, fields }) => ({ name, fields: fields.filter(isFixed) }))
    .filter(({ fields }) => fields.length > 0)
  if (changed.length === 0) return
  const items = await ledger.getMany(changed.map(({ name }) => name))
  const refused = changed.filter(({ name }) => {
    const item = items.get(name)
    return item !== undefined && (item.last_snapshot !== null || item.entry_uri !== null)
  })
  if (refused.length === 0) return
  const lines = refused.slice(0, TOLD).flatMap(({ name, fields }) => fields.map((field) => line(name, field)))
  const more = refused.length > TOLD ? `\n  and ${refused.length - TOLD} more tables` : ''
  throw new ConfigurationError(
    'TG1222',
    `tables that have data keep their keys, mode, sequence and target:\n${lines.join('\n')}${more}\nTake these changes back, or give the data a new table under another name. Nothing was applied.`,
  )
}

const line = (table: string, { field, before, after }: FieldChange): string =>
  `  \`${shown(table)}\`: \`${field}\` is \`${JSON.stringify(before)}\`, and would become \`${JSON.stringify(after)}\``
