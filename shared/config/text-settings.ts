/** The settings `columns` and `csv`: what they may be, and what is said of what they may not. */
import { z } from 'zod'
import { columnType } from '../contracts/plan.ts'

const KNOWN =
  'string, boolean, tinyint, smallint, int, bigint, float, double, decimal(p,s), date, timestamp or timestamp_ntz'
/** A column's type as a plan has it: lower case, without blanks. */
export const compact = (type: string): string => type.toLowerCase().replaceAll(' ', '')

/** A scale above the precision would be no type. */
function isType(type: string): boolean {
  const [precision, scale] = (/\((\d+),(\d+)\)/.exec(compact(type)) ?? []).slice(1).map(Number)
  return columnType.safeParse(compact(type)).success && (scale ?? 0) <= (precision ?? 0)
}

export const columnTypes = z
  .record(z.string(), z.string({ error: `expected a type: ${KNOWN}` }).refine(isType, `expected a type: ${KNOWN}`), {
    error: "expected a mapping of columns' names to types",
  })
  .refine((types) => Object.keys(types).length > 0, 'expected at least one column')
  .refine((types) => {
    const names = Object.keys(types).map((name) => name.toLowerCase())
    return new Set(names).size === names.length
  }, 'expected each column once, without regard to case')
  // Such keys come first in a mapping, wherever they are written, and here the order counts.
  .refine(
    (types) => !Object.keys(types).some((name) => /^(\d*)$/.test(name)),
    'expected names that are not only digits',
  )

const one = (what: string) => z.string().length(1, `expected one character${what}`)

export const csvSettings = z.strictObject({
  header: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe('true: the first line of each file names its columns. Default: false, then `columns` names them.'),
  delimiter: one(', such as ";" or "\\t"').optional().describe('Between two fields. Default: a comma.'),
  quote: one('').optional().describe('Around fields that hold delimiters, quotes or line breaks. Default: ".'),
  escape: one('').optional().describe('Before a quote inside quotes. Default: the quote itself, as RFC 4180 has it.'),
  null_value: z
    .string({ error: 'expected a text: put the value in quotes' })
    .optional()
    .describe('What stands for null. Empty: a field with nothing in it, but not `""`. Default: NULL.'),
})
