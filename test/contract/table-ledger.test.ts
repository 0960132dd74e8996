import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryTableLedger } from '../../shared/memory/table-ledger.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { claimed, newName, runOf } from './support/items.ts'
import { tableLedgerContract } from './support/table-ledger-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

tableLedgerContract('memory', () => createMemoryTableLedger())
tableLedgerContract('DynamoDB', () => cloud.ports.tables)

test('the newest runs are found among more than one page of them', async () => {
  const table = newName()
  const TableName = cloud.names.file_processing_tracker_history
  const { tables } = cloud.ports
  let seen = claimed(table)
  await tables.replace(seen, undefined)
  for (let n = 0; n < 60; n++) {
    const next = { ...seen, revision: seen.revision + 1 }
    const run = { ...runOf(table, `run-${(n * 37) % 60}`, n), error_msg: 'x'.repeat(30_000) }
    expect(await tables.replace(next, seen, run)).toEqual({ written: true })
    seen = next
  }
  const newest = await tables.runs(table, 2)
  expect(
    newest.map((run) => run.ended_at_ms),
    TableName,
  ).toEqual([59, 58])
})

test('a broken item is an error that names it', async () => {
  const table = newName()
  const Item = { raw_table_name: { S: table }, revision: { S: 'two' } }
  await cloud.documents.send(new PutItemCommand({ TableName: cloud.names.file_processing_tracker, Item }))
  await expect(cloud.ports.tables.get(table)).rejects.toMatchObject({ code: 'TG3113' })
  await expect(cloud.ports.tables.get(table)).rejects.toThrow(`raw_table_name \`${table}\``)
  await expect(cloud.ports.tables.replace(claimed(table), undefined)).rejects.toMatchObject({ code: 'TG3113' })
})
