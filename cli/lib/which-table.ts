/** A table as people type it: its ledger name, or `schema.table`. */
import { InputError } from '../../shared/errors.ts'

/** The row of the table that `wanted` means. Throws InputError TG2603 if there is none. */
export function tableNamed<Row extends { readonly table: string }>(wanted: string, rows: readonly Row[]): Row {
  const name = wanted.toLowerCase()
  const row = rows.find((one) => one.table === name) ?? rows.find((one) => one.table === name.replace('.', '_'))
  if (row) return row
  throw new InputError('TG2603', `there is no table \`${wanted}\`. \`tidegate status\` lists the tables.`)
}

/** The ledger name that `wanted` means, also of a table that nobody has heard of yet. */
export const ledgerNameOf = (wanted: string): string => wanted.toLowerCase().replace('.', '_')
