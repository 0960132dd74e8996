import { describe, expect, it } from 'vitest'
import { explained } from '../../../shared/config/explained.ts'
import { parseConfig } from '../../../shared/config/parse.ts'
import { isTuning, ofOtherFormats, writtenAs } from '../../../shared/config/target-format.ts'
import { BASE, tableOf } from './support.ts'

const targetOf = (block: string) => {
  const parsed = parseConfig(`${BASE}tables:\n  hr.salaries: { target: ${block} }\n`, 't.yml')
  const table = tableOf(parsed, 'hr.salaries')
  if (!table) throw new Error('no table')
  return { table, target: table.target }
}

describe('a Hudi table', () => {
  it.each([
    ['{ format: hudi }', 'copy_on_write'],
    ['{ format: hudi, table_type: merge_on_read }', 'merge_on_read'],
  ])('%s is written as %s', (block, write_mode) => {
    expect(targetOf(block).target).toMatchObject({ format: 'hudi', write_mode, properties: {} })
  })

  it('keeps more commits active than it retains, and what its owner sets wins', () => {
    expect(targetOf('{ format: hudi, retain_commits: 48 }').target.properties).toEqual({
      'hoodie.clean.policy': 'KEEP_LATEST_COMMITS',
      'hoodie.clean.commits.retained': '48',
      'hoodie.keep.min.commits': '58',
      'hoodie.keep.max.commits': '68',
    })
    const few = writtenAs({
      'target.format': 'hudi',
      'target.retain_commits': 2,
      'target.properties': { 'hoodie.keep.max.commits': '99' },
    })
    expect(few.properties).toMatchObject({ 'hoodie.keep.min.commits': '20', 'hoodie.keep.max.commits': '99' })
  })

  it.each([
    [{ 'target.write_mode': 'merge_on_read' }, 'target.write_mode', '`table_type: copy_on_write`'],
    [{ 'target.partition_by': ['days(at)', 'bucket(16, id)'] }, 'target.partition_by', 'instead of `bucket(16, id)`'],
    [{ 'target.properties': { 'hoodie.a': '1', 'write.b': '2' } }, 'target.properties', 'remove `write.b`'],
    [{ 'target.adopt': true }, 'target.adopt', 'load a Hudi table in full'],
  ] as const)('has nothing of Iceberg: %o', (settings, setting, words) => {
    const told = [...ofOtherFormats({ 'target.format': 'hudi', ...structuredClone(settings) } as never)]
    expect(told).toEqual([[setting, expect.stringContaining(words)]])
  })

  it('is explained in its own words', () => {
    const settings = explained(targetOf('{ format: hudi }').table, {}).map(({ setting }) => setting)
    expect(settings).toContain('target.table_type')
    expect(settings).not.toContain('target.write_mode')
  })
})

it('an Iceberg table is written as before', () => {
  expect(targetOf('{}').target).toMatchObject({ format: 'iceberg', write_mode: 'merge_on_read' })
  expect(targetOf('{ write_mode: copy_on_write }').target.write_mode).toBe('copy_on_write')
})

describe('an option that may change while a table has data', () => {
  it.each([
    ['hoodie.clean.commits.retained', true],
    ['hoodie.upsert.shuffle.parallelism', true],
    ['hoodie.compact.inline.max.delta.commits', true],
    ['hoodie.datasource.write.recordkey.field', false],
    ['hoodie.table.name', false],
    ['hoodie.index.type', false],
    ['write.format.default', false],
    ['xhoodie.clean.commits.retained', false],
  ])('%s: %s', (property, expected) => expect(isTuning(property)).toBe(expected))
})
