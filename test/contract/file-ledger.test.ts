import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { timeToLiveAttribute } from '../../shared/aws/tables.ts'
import { createMemoryPorts } from '../../shared/memory/index.ts'
import { backfillContract } from './support/backfill-contract.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { fileLedgerContract } from './support/file-ledger-contract.ts'
import { claimed, landed, newName, settled } from './support/items.ts'
import { quarantineContract } from './support/quarantine-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

fileLedgerContract('memory', createMemoryPorts)
fileLedgerContract('DynamoDB', () => cloud.ports)
quarantineContract('memory', createMemoryPorts)
quarantineContract('DynamoDB', () => cloud.ports)
backfillContract('memory', createMemoryPorts)
backfillContract('DynamoDB', () => cloud.ports)

test('history has the attribute that the time to live reads, as a number of seconds', async () => {
  const { files, tables } = cloud.ports
  const file = landed(newName(), 1)
  await tables.replace(claimed(file.source_table_name), undefined)
  await files.move({ table: file.source_table_name, token: 7 }, [
    { settled: settled(file, { expires_at_s: 1_734_561_000 }) },
  ])
  const Key = { source_table_name: { S: file.source_table_name }, file_id: { S: file.file_id } }
  const stored = await cloud.documents.send(new GetItemCommand({ TableName: cloud.names.file_tracker_history, Key }))
  expect(stored.Item?.[timeToLiveAttribute]).toEqual({ N: '1734561000' })
})

test('a broken item fails the table that it is of, and says which item it is', async () => {
  const table = newName()
  const TableName = cloud.names.file_tracker
  const Item = {
    source_table_name: { S: table },
    file_id: { S: '000000000001-x' },
    bytes: { N: '123456789012345678901' },
  }
  await cloud.documents.send(new PutItemCommand({ TableName, Item }))
  const reading = cloud.ports.files.waiting(table, 1)
  await expect(reading).rejects.toMatchObject({ code: 'TG3113', certainty: 'terminal' })
  await expect(reading).rejects.toThrow(
    `source_table_name \`${table}\`, file_id \`000000000001-x\` of table \`${TableName}\``,
  )
  expect(await cloud.ports.files.waiting(newName(), 1)).toEqual([])
})
