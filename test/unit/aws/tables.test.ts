import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { tableKeys, tableNames, timeToLiveAttribute } from '../../../shared/aws/tables.ts'

interface DeployedTable {
  readonly Properties: {
    readonly TableName: string
    readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[]
    readonly TimeToLiveSpecification?: { readonly AttributeName: string }
  }
}

const template = parse(readFileSync(new URL('../../../deploy/ledger.yml', import.meta.url), 'utf8'), {
  logLevel: 'silent',
})
const deployed = Object.values(template.Resources as Record<string, DeployedTable>).map(({ Properties }) => Properties)

test('the deployed tables have the names and keys that the adapters use', () => {
  const keysOf = (schema: DeployedTable['Properties']['KeySchema']) =>
    ['HASH', 'RANGE'].flatMap((type) => schema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? [])
  const names = tableNames('')
  const expected = Object.entries(tableKeys).map(([table, keys]) => [names[table as keyof typeof names], [...keys]])
  const found = deployed.map(({ TableName, KeySchema }) => [TableName.replace(/^\$\{[^}]*\}/, ''), keysOf(KeySchema)])
  expect(found.toSorted()).toEqual(expected.toSorted())
})

test('time to live is on for the files’ history alone, and reads the attribute that is written', () => {
  const withTtl = deployed.filter((table) => table.TimeToLiveSpecification)
  expect(withTtl.map(({ TimeToLiveSpecification }) => TimeToLiveSpecification?.AttributeName)).toEqual([
    timeToLiveAttribute,
  ])
  expect(withTtl[0]?.TableName).toMatch(/file_tracker_history$/)
})
