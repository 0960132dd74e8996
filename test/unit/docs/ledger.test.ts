/** docs/reference/ledger.md has every table, key and attribute that is deployed and written, and none besides. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { auditItem, auditPartition } from '../../../shared/contracts/audit.ts'
import { batchConfig, tableConfig } from '../../../shared/contracts/config.ts'
import {
  holdReason,
  landedFile,
  settledFile,
  tableItem,
  tableRun,
  tableStatus,
} from '../../../shared/contracts/ledger.ts'
import { codes, read, rows, section } from './sources.ts'

const page = read('docs/reference/ledger.md')

interface Table {
  TableName: string
  KeySchema: { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[]
}

const deployed = Object.values(
  (parse(read('deploy/ledger.yml')) as { Resources: Record<string, { Properties: Table }> }).Resources,
).map(({ Properties: { TableName, KeySchema } }) => {
  const key = (type: string) => KeySchema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? ''
  return { name: TableName.replace(/^\$\{[^}]+\}/, ''), partition: key('HASH'), sort: key('RANGE') }
})
const keysOf = (name: string) => deployed.find((table) => table.name === name)

it('has the tables and keys that are deployed', () => {
  const explained = rows(page.slice(0, page.indexOf('\n## '))).map(([name = '', partition = '', sort = '']) => ({
    name: codes(name)[0],
    partition: codes(partition)[0],
    sort: codes(sort)[0] ?? '',
  }))
  expect(explained).toEqual(deployed)
})

describe('attributes', () => {
  const names = (contract: { shape: object }) => Object.keys(contract.shape)
  /** `…_updated` on the page stands for `number_of_rows_updated`. */
  const written = (text: string) => codes(text).map((code) => code.replace(/^…_/, 'number_of_rows_'))

  it.each([
    ['## Files: `file_tracker` and its history', [...names(landedFile), ...names(settledFile)], 'file_tracker'],
    [
      '## Tables: `file_processing_tracker`',
      [...names(tableItem), ...names(tableRun)],
      'file_processing_tracker_history',
    ],
    [
      '## Configuration: `batch_config`, `raw_table_config`',
      [...names(batchConfig), ...names(tableConfig)],
      'raw_table_config',
    ],
  ])('%s has all of the contract', (heading, attributes, table) => {
    const keys = keysOf(table)
    const wanted = new Set(attributes.filter((name) => name !== keys?.partition && name !== keys?.sort))
    expect(written(section(page, heading))).toEqual(expect.arrayContaining([...wanted]))
  })

  it.each([
    ['## Files: `file_tracker` and its history', [...names(landedFile), ...names(settledFile)]],
    ['## Tables: `file_processing_tracker`', [...names(tableItem), ...names(tableRun)]],
  ])('%s has a row for none that is not in it', (heading, attributes) => {
    const explained = rows(section(page, heading)).flatMap(([cell = '']) => codes(cell))
    expect(explained.length).toBeGreaterThan(10)
    for (const name of explained) expect(attributes).toContain(name)
  })
})

it('has every attribute of an audit item, its key, and none besides', () => {
  const text = section(page, '## Audit')
  const explained = rows(text).flatMap(([cell = '']) => codes(cell))
  expect(explained.sort()).toEqual(
    Object.keys(auditItem.shape)
      .filter((name) => name !== 'id')
      .sort(),
  )
  expect(codes(text)).toContain(auditPartition)
})

it('explains every status and every reason for holding a table, and no other', () => {
  const explained = rows(section(page, '## Statuses')).map(([cell = '']) => codes(cell)[0])
  expect(explained).toEqual(expect.arrayContaining([...tableStatus.options, ...holdReason.options]))
  expect(new Set(explained).size).toBe(tableStatus.options.length + holdReason.options.length)
})

it('look-after-it.md says how each reason to hold a table ends, but for one that this version has not', () => {
  const explained = rows(section(read('docs/how-to/look-after-it.md'), '## Held tables')).flatMap(([cell = '']) =>
    codes(cell),
  )
  expect([...explained, 'late_beyond_window'].toSorted()).toEqual([...holdReason.options].toSorted())
})
