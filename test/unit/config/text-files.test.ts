/** What the configuration says about CSV and JSON: resolved for the claim, refused where it could not be read. */
import { describe, expect, it } from 'vitest'
import { explained } from '../../../shared/config/explained.ts'
import { textFiles } from '../../../shared/contracts/plan.ts'
import { BASE, problemsOf, resolved } from './support.ts'

const HEAD = `${BASE}tables:\n  hr.emp:\n`
const indented = (block: string) => block.replaceAll(/^/gm, '    ')
const of = (block: string) => resolved(HEAD + indented(block)).tables[0]?.text_files
const problem = (block: string) => problemsOf(HEAD + indented(block))[0]?.message

describe('text files', () => {
  it('are not mentioned where the configuration says nothing of them', () => {
    expect(of('active: true')).toBeUndefined()
  })

  it('have the columns in their order, types in one spelling, and only what is said of CSV', () => {
    const found = of(
      'columns: { Name: string, id: BIGINT, price: "Decimal(38, 2)" }\ncsv: { header: true, delimiter: "\\t" }',
    )
    expect(found).toEqual({
      columns: [
        { name: 'Name', type: 'string' },
        { name: 'id', type: 'bigint' },
        { name: 'price', type: 'decimal(38,2)' },
      ],
      csv: { header: true, delimiter: '\t' },
    })
    expect(textFiles.safeParse(found).success).toBe(true)
  })

  it('take each key of `csv` from the first block that says it', () => {
    const file = `${BASE.replace('keys: [id]', 'keys: [id]\n    csv: { header: true, null_value: "" }')}tables:\n  hr.emp: { csv: { header: false } }\n`
    const { tables, provenance } = resolved(file)
    expect(tables[0]?.text_files).toEqual({ csv: { header: false, null_value: '' } })
    if (!tables[0]) throw new Error('hr.emp')
    const from = explained(tables[0], provenance.get('hr_emp') ?? {}).filter(({ setting }) =>
      setting.startsWith('csv.'),
    )
    expect(from).toEqual([
      { setting: 'csv.header', value: false, from: 'tables.hr.emp' },
      { setting: 'csv.null_value', value: '', from: 'defaults[0]' },
    ])
  })

  it.each([
    ['columns: { id: text }', /`tables\.hr\.emp\.columns\.id` is `text`: expected a type: string, boolean/],
    ['columns: { id: "decimal(39,0)" }', /expected a type/],
    ['columns: { id: "decimal(2,3)" }', /expected a type/],
    ['columns: { id: binary }', /expected a type/],
    ['columns: {}', /expected at least one column/],
    ['columns: { id: int, ID: int }', /each column once/],
    ['columns: { 7: int }', /not only digits/],
    ['csv: { delimiter: "::" }', /expected one character, such as/],
    ['csv: { header: 1 }', /expected true or false/],
    ['csv: { null_value: NULL }', /expected a text: put the value in quotes/],
    ['csv: { headers: true }', /`tables\.hr\.emp\.csv\.headers` is no known key: did you mean `header`/],
  ])('%s is refused', (block, message) => {
    expect(problem(block)).toMatch(message)
  })
})
