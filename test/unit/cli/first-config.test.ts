import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foundInDmsTask } from '../../../cli/lib/first-config/from-dms-task.ts'
import { foundInKeys } from '../../../cli/lib/first-config/from-keys.ts'
import { firstConfig } from '../../../cli/lib/first-config/write.ts'
import { parseConfig } from '../../../shared/config/parse.ts'
import { resolve } from '../../../shared/config/resolve.ts'

/** What an editor does: the values that the marks ask for. */
const filledIn = (text: string): string =>
  text
    .replaceAll('keys: [] #', 'keys: [id] #')
    .replaceAll('sequence_by: "" #', 'sequence_by: seq #')
    .replaceAll('{ column: "", equals: "" } #', '{ column: op, equals: D } #')

const resolved = (text: string) => resolve(parseConfig(text, 'tidegate.yml'), { rawBucket: 'raw', glueJobName: 'job' })

const fromKeys = (keys: readonly string[], base = '') => firstConfig(foundInKeys(keys, base), 'a test')
const sourcesIn = (keys: readonly string[], base = '') => foundInKeys(keys, base).sources
const tablesIn = (keys: readonly string[], base = '') =>
  foundInKeys(keys, base).tables.map(({ schema, table, seen }) => `${schema}.${table}: ${seen}`)

describe('sources and tables, told by keys', () => {
  it('finds the prefix before schema and table, whatever dates and segments follow', () => {
    const keys = [
      'lake/in/sales/orders/LOAD00000001.parquet',
      'lake/in/sales/orders/2024/01/31/20240131-101112123.parquet',
      'lake/in/sales/orders/2024-02-01/20240201-101112123.parquet',
      'lake/in/sales/items/segment_a/LOAD00000001.parquet',
      'lake/in/sales/items/LOAD00000002.parquet',
      'lake/in/sales/awsdms_status/LOAD00000001.parquet',
      'lake/in/sales/orders/_SUCCESS',
    ]
    expect(sourcesIn(keys)).toEqual({
      in: { prefix: 'lake/in/', layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' },
    })
    expect(tablesIn(keys)).toEqual(['sales.orders: 1 full-load file, 2 change files', 'sales.items: 2 full-load files'])
  })

  it('takes folders as tables where there is one below the prefix', () => {
    const keys = ['exports/crm/accounts/a.parquet', 'exports/crm/leads/b.csv.gz']
    expect(sourcesIn(keys, 'exports/crm/')).toEqual({
      crm: { prefix: 'exports/crm/', layout: '{table}', schema: 'crm', shape: 'plain', file_names: 'any' },
    })
    expect(tablesIn(keys, 'exports/crm/')).toEqual(['crm.accounts: 1 change file', 'crm.leads: 1 change file'])
  })

  it('makes a source of each prefix', () => {
    const keys = ['eu/in/hr/staff/LOAD00000001.parquet', 'us/in/hr/staff/LOAD00000001.parquet']
    expect(Object.entries(sourcesIn(keys)).map(([name, { prefix }]) => [name, prefix])).toEqual([
      ['in', 'eu/in/'],
      ['in_2', 'us/in/'],
    ])
  })

  it('says what CSV files need, which nothing is known of by their keys', () => {
    const notes = (key: string) => foundInKeys([key], '').notes
    expect(notes('in/s/t/LOAD00000001.csv.gz')).toEqual([expect.stringContaining('`csv: { header: true }`')])
    expect(notes('in/s/t/LOAD00000001.parquet')).toEqual([])
  })

  it('says which keys it could not read, and that there are none', () => {
    const found = foundInKeys(['in/s/t/LOAD00000001.parquet', 'in/s/t/other.txt'], '')
    expect(found.notes).toEqual([expect.stringContaining("TG2009: 'in/s/t/other.txt'")])
    expect(() => foundInKeys(['readme.md', 'top.parquet'], '')).toThrow(/^TG2631: none of the 2 keys/)
  })
})

describe('the first configuration', () => {
  it('is refused until what is marked is filled in, then is valid and names every table', () => {
    const first = fromKeys(['in/Sales/Orders/LOAD00000001.parquet', 'in/Sales/order items/LOAD00000001.parquet'])
    expect(() => resolved(first.text)).toThrow(/^TG1200/)
    const lines = first.text.split('\n')
    expect(lines.filter((_, index) => first.fillIn.includes(index + 1))).toEqual([
      expect.stringContaining('sequence_by: ""'),
      expect.stringContaining('keys: []'),
      expect.stringContaining('keys: []'),
    ])
    expect(
      resolved(filledIn(first.text)).tables.map((table) => [
        table.source_table_name,
        `${table.raw_database_name}.${table.raw_table_name}`,
      ]),
    ).toEqual([
      ['sales_orders', 'sales_raw.sales_orders'],
      ['sales_order items', 'sales_raw.sales_order_items'],
    ])
  })

  it('leaves out, and says so, what the ledger could not tell apart or the file could not name', () => {
    const file = 'LOAD00000001.parquet'
    const first = fromKeys([`a/b_c/${file}`, `a_b/c/${file}`, `a.b/c/${file}`, `a/{x}/${file}`])
    expect(first.leftOut).toEqual([
      '`a.b.c` is left out: no name for a table here; land it under another name',
      '`a.{x}` is left out: no name for a table here; land it under another name',
      '`a_b.c` is left out: the same as `a.b_c` in the ledger; land it under another name',
    ])
    expect(resolved(filledIn(first.text)).tables.map((table) => table.source_table_name)).toEqual(['a_b_c'])
  })

  it('is valid whatever the folders are called', () => {
    const folder = fc.oneof(
      fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }),
      fc.constantFrom(
        'no',
        'null',
        '1e3',
        '__proto__',
        ': #',
        '*',
        '"',
        "'",
        '- x',
        'a,b',
        '{a,b}',
        '\u2028',
        '&a',
        '!!x',
      ),
    )
    const segment = folder.map((name) => name.replaceAll('/', '-'))
    fc.assert(
      fc.property(
        fc.array(fc.array(segment, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        (paths) => {
          const keys = paths.map((path) => `${path.join('/')}/LOAD00000001.parquet`)
          let first: ReturnType<typeof fromKeys>
          try {
            first = fromKeys(keys)
          } catch (error) {
            expect(String(error)).toContain('TG2631')
            return
          }
          expect(resolved(filledIn(first.text)).tables).toHaveLength(first.tables)
        },
      ),
    )
  })
})

describe('tables, told by a DMS task', () => {
  const rules = [
    {
      'rule-type': 'selection',
      'rule-action': 'include',
      'object-locator': { 'schema-name': 'HR', 'table-name': 'STAFF' },
    },
    {
      'rule-type': 'selection',
      'rule-action': 'explicit',
      'object-locator': { 'schema-name': 'HR', 'table-name': 'PAY[_]ROLL' },
    },
    {
      'rule-type': 'selection',
      'rule-action': 'include',
      'object-locator': { 'schema-name': 'HR', 'table-name': 'TMP1' },
    },
    {
      'rule-type': 'selection',
      'rule-action': 'exclude',
      'object-locator': { 'schema-name': 'HR', 'table-name': 'TMP%' },
    },
    {
      'rule-type': 'selection',
      'rule-action': 'include',
      'object-locator': { 'schema-name': 'SHOP', 'table-name': '%' },
    },
    {
      'rule-type': 'transformation',
      'rule-id': '7',
      'rule-target': 'schema',
      'rule-action': 'convert-lowercase',
      'object-locator': { 'schema-name': '%' },
    },
    {
      'rule-type': 'transformation',
      'rule-target': 'table',
      'rule-action': 'rename',
      value: 'people',
      'object-locator': { 'schema-name': 'HR', 'table-name': 'STAFF' },
    },
    {
      'rule-type': 'transformation',
      'rule-id': '9',
      'rule-target': 'table',
      'rule-action': 'replace-prefix',
      value: 'x',
    },
    {
      'rule-type': 'transformation',
      'rule-target': 'column',
      'rule-action': 'add-column',
      value: 'change_seq',
      expression: '$AR_H_CHANGE_SEQ',
      'object-locator': { 'schema-name': '%', 'table-name': '%' },
    },
  ]
  const mappings = JSON.stringify({ rules })

  it('takes what is selected, under the names that it gets', () => {
    const found = foundInDmsTask(mappings, 'in/', 'task.json')
    expect(found.tables.map(({ schema, table }) => `${schema}.${table}`)).toEqual(['hr.people', 'hr.PAY_ROLL'])
    expect(found.sequenceBy).toBe('change_seq')
    expect(found.notes).toEqual([
      'the task selects `SHOP.%`: add a line for each table',
      'rule 9 (replace-prefix) is not followed: correct the names that it changes',
    ])
    const { text, fillIn } = firstConfig(found, 'a task')
    expect(fillIn).toHaveLength(2)
    expect(
      resolved(filledIn(text)).tables.map(({ source_table_name, merge }) => [source_table_name, merge.sequence_by]),
    ).toEqual([
      ['hr_pay_roll', 'change_seq'],
      ['hr_people', 'change_seq'],
    ])
  })

  it('reads a task, and what the AWS CLI prints of tasks, alike', () => {
    const found = foundInDmsTask(mappings, '', 'f')
    expect(foundInDmsTask(JSON.stringify({ TableMappings: mappings }), '', 'f')).toEqual(found)
    const printed = JSON.stringify({ ReplicationTasks: [{ TableMappings: mappings }] })
    expect(foundInDmsTask(printed, '', 'f')).toEqual(found)
  })

  it.each(['', 'no json', '[]', '{"rules":[]}', '{"TableMappings":"{"}', '{"rules":[{"rule-type":1}]}'])(
    'refuses %j by number',
    (content) => expect(() => foundInDmsTask(content, '', 'f')).toThrow(/^TG2632: `f` has no table mappings/),
  )
})
