/** Settings that say how rows of files are read as changes, with a description for every field. */
import { z } from 'zod'

const columnName = z.string({ error: "expected a column's name" }).min(1, "expected a column's name")
const values = (what: string) =>
  z
    .array(z.string({ error: 'expected a text: put the value in quotes' }).min(1, 'expected at least one character'), {
      error: 'expected a list of texts, such as `[c, r]`',
    })
    .optional()
    .describe(what)

const columnNames = z
  .array(columnName, { error: "expected a list of columns' names, such as `[commit_ts, change_no]`" })
  .refine((names) => new Set(names.map((name) => name.toLowerCase())).size === names.length, {
    error: 'expected each column once, without regard to case',
  })

/** One column, or several that are compared one after the other. */
export const sequenceBy = z.union([columnName, columnNames.min(2, 'expected at least two columns, or one by itself')], {
  error: "expected a column's name, or a list of them",
})

export const nullMeansUnchanged = z.union([z.literal('all'), columnNames.min(1, 'expected at least one column')], {
  error: "expected `all`, or a list of columns' names",
})

export const beforeImage = z.strictObject({
  prefix: z
    .string({ error: 'expected a text' })
    .min(1, 'expected at least one character')
    .describe("What the names of before-image columns begin with, such as `BI_`; then the column's own name."),
})

const LISTS = ['inserts', 'updates', 'deletes', 'ignored'] as const

const mapping = z
  .strictObject({
    column: columnName.describe('Column that says what a change is.'),
    inserts: values('Its values in inserts.'),
    updates: values('Its values in updates.'),
    deletes: values('Its values in deletes.'),
    ignored: values('Its values in rows that are no changes, such as the `BEFOREIMAGE` of Qlik: skipped and counted.'),
  })
  .refine(
    (lists) => {
      const all = LISTS.flatMap((list) => lists[list] ?? [])
      return all.length > 0 && new Set(all).size === all.length
    },
    { error: 'expected values in its lists, each of them once' },
  )

export const operations = z.union([z.literal('none'), mapping], {
  error: 'expected `none`, or a mapping such as `{ column: op, inserts: [c, r], updates: [u], deletes: [d] }`',
})
