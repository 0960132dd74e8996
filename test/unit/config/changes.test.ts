/** How a table's rows are read as changes: what the file says, and what the job's plan is told. */
import { describe, expect, it } from 'vitest'
import { tableConfig } from '../../../shared/contracts/config.ts'
import { BASE, problemsOf, resolved } from './support.ts'

const TABLES = `${BASE}tables:\n`
const merged = (block: string) => {
  const [table] = resolved(`${TABLES}  hr.emp: ${block}\n`).tables
  expect(tableConfig.safeParse({ ...table, applied_at_ms: 1 }).error).toBeUndefined()
  return table?.merge
}
const MAPPING = '{ column: op, inserts: [c, r], updates: [u], deletes: [d] }'

describe('what orders changes, and what a null means', () => {
  it('is one column or several', () => {
    expect(merged('{ sequence_by: commit_ts }')?.sequence_by).toBe('commit_ts')
    expect(merged('{ sequence_by: [commit_ts, change_no] }')?.sequence_by).toEqual(['commit_ts', 'change_no'])
  })

  it('is told to the job only if the file says it', () => {
    expect(merged('{ null_means_unchanged: all }')?.null_means_unchanged).toBe('all')
    expect(merged('{ null_means_unchanged: [bio] }')?.null_means_unchanged).toEqual(['bio'])
    expect(merged('')).not.toHaveProperty('null_means_unchanged')
    expect(merged('{ unavailable_value: "?" }')?.unavailable_value).toBe('?')
    expect(merged('')).not.toHaveProperty('unavailable_value')
    expect(merged('{ on_late_partial_update: stale }')?.on_late_partial_update).toBe('stale')
    expect(merged('{ on_late_partial_update: hold }')).not.toHaveProperty('on_late_partial_update')
  })

  it('is told to the job where keys were before', () => {
    expect(merged('{ before_image: { prefix: BI_ } }')?.before_image).toEqual({ prefix: 'BI_' })
    expect(merged('')).not.toHaveProperty('before_image')
  })

  it('needs no key where every row is a version', () => {
    expect(merged('{ keys: [], mode: historical }')?.keys).toEqual([])
  })
})

describe('envelopes', () => {
  const DEBEZIUM = { column: 'op', inserts: ['c', 'r'], updates: ['u'], deletes: ['d'] }
  const envelopes = BASE.replace('shape: dms', 'shape: debezium')
  const both = BASE.replace(
    'cadences:',
    '  cdc: { prefix: cdc/, layout: "{schema}/{table}", shape: debezium }\ncadences:',
  )
  const table = (base: string, block: string) => resolved(`${base}tables:\n  hr.emp: ${block}\n`).tables[0]?.merge

  it('are what all sources hold, with the letters of Debezium built in', () => {
    expect(table(envelopes, '')).toMatchObject({ shape: 'debezium', operations: DEBEZIUM })
    expect(table(envelopes, '')?.unavailable_value).toBe('__debezium_unavailable_value')
    expect(table(envelopes, '{ unavailable_value: "?" }')?.unavailable_value).toBe('?')
    expect(table(envelopes, '')).not.toHaveProperty('apply_as_deletes')
    expect(table(envelopes, '{ operations: { column: op, deletes: [d], inserts: [c] } }')?.operations).toEqual({
      column: 'op',
      deletes: ['d'],
      inserts: ['c'],
    })
  })

  it('are said by the table where sources differ', () => {
    expect(table(both, '{ shape: debezium }')).toMatchObject({ shape: 'debezium', operations: DEBEZIUM })
    const rows = table(both, '{ shape: rows }')
    expect(rows).toMatchObject({ apply_as_deletes: { column: 'Op', equals: 'D' } })
    expect(rows).not.toHaveProperty('shape')
    expect(problemsOf(`${both}tables:\n  hr.emp:\n`)).toMatchObject([
      { code: 'TG1211', message: expect.stringContaining('add `shape: debezium` or `shape: rows`') },
      { code: 'TG1211', message: expect.stringContaining('apply_as_deletes') },
    ])
  })
})

describe('operations', () => {
  it('replaces apply_as_deletes, also where that is built in', () => {
    const merge = merged(`{ operations: ${MAPPING} }`)
    expect(merge).toMatchObject({
      operations: { column: 'op', inserts: ['c', 'r'], updates: ['u'], deletes: ['d'] },
    })
    expect(merge).not.toHaveProperty('apply_as_deletes')
    expect(merged('{ operations: none }')).toMatchObject({ operations: 'none' })
    expect(merged('')).not.toHaveProperty('operations')
  })

  it('comes from the first block that says either', () => {
    const short = 'apply_as_deletes: { column: kind, equals: X }'
    const under = (first: string, then: string) =>
      resolved(
        `${BASE.replace('sequence_by: seq', `sequence_by: seq\n    ${then}`)}tables:\n  hr.emp: { ${first} }\n`,
      ).tables.map(({ merge }) => [merge.operations !== undefined, merge.apply_as_deletes?.column])
    expect(under(`operations: ${MAPPING}`, short)).toEqual([[true, undefined]])
    expect(under(short, `operations: ${MAPPING}`)).toEqual([[false, 'kind']])
  })
})

describe('what contradicts itself', () => {
  it.each([
    ['TG1228', `{ operations: ${MAPPING}, apply_as_deletes: { column: op, equals: d } }`, '`hr.emp` has `operations`'],
    ['TG1228', '{ null_means_unchanged: all, before_image: { prefix: BI_ } }', 'no row to take values from'],
    ['TG1228', '{ shape: debezium, before_image: { prefix: BI_ } }', 'envelopes have `before`'],
    ['TG1228', '{ shape: debezium, null_means_unchanged: all }', 'no row to take values from'],
    ['TG1228', '{ keys: [] }', '`hr.emp` has no key'],
    ['TG1228', '{ mode: H, null_means_unchanged: all }', 'rows stay as they came'],
    ['TG1228', '{ operations: none, null_means_unchanged: all }', 'name the operation column'],
    ['TG1228', '{ operations: none, unavailable_value: x }', 'name the operation column'],
    ['TG1228', '{ null_means_unchanged: all, unavailable_value: x }', 'Keep one'],
    ['TG1204', '{ sequence_by: [seq] }', 'expected at least two columns'],
    ['TG1204', '{ sequence_by: [a, A] }', 'expected each column once'],
    ['TG1204', '{ null_means_unchanged: some }', 'expected `all`, or a list'],
    ['TG1204', '{ operations: all }', 'expected `none`, or a mapping'],
    ['TG1204', '{ operations: { column: op } }', 'values in its lists'],
    ['TG1204', '{ operations: { column: op, inserts: [c], updates: [c] } }', 'each of them once'],
    ['TG1204', '{ operations: { column: op, deletes: [1] } }', 'put the value in quotes'],
    ['TG1203', '{ operations: { deletes: [d] } }', "expected a column's name"],
    ['TG1202', '{ operations: { column: op, inserts: [c], delete: [d] } }', 'did you mean `deletes`?'],
  ])('%s: %s', (code, block, message) => {
    expect(problemsOf(`${TABLES}  hr.emp: ${block}\n`)).toMatchObject([
      { code, line: 14, message: expect.stringContaining(message) },
    ])
  })
})
