/** The write by which docs/how-to/look-after-it.md releases a held table: taken from the page, done on the emulator. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cloud, startCloud } from './support/cloud.ts'
import { claimed, newName } from './support/items.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/how-to/look-after-it.md'), 'utf8')

/** What follows `--name` in the command of the page. */
function argument(name: string): string {
  const value = new RegExp(`update-item[^]*?--${name} (?:'([^']*)'|(\\S+))`).exec(page)
  return value?.[1] ?? value?.[2] ?? ''
}

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

const held = (table: string) => claimed(table, { refresh_status: 'held', hold_reason: 'owner_ended_unsettled' })

const release = (table: string, revision: number) =>
  cloud.documents.send(
    new UpdateItemCommand({
      TableName: argument('table-name'),
      Key: { raw_table_name: { S: table } },
      UpdateExpression: argument('update-expression'),
      ConditionExpression: argument('condition-expression'),
      ExpressionAttributeValues: {
        ...JSON.parse(argument('expression-attribute-values')),
        ':seen': { N: String(revision) },
      },
    }),
  )

test('a released table keeps its frozen entry, and its item its contract', async () => {
  const table = newName()
  const item = held(table)
  await cloud.ports.tables.replace(item, undefined)
  await release(table, item.revision)
  expect(await cloud.ports.tables.get(table)).toEqual({
    ...item,
    refresh_status: 'refresh_error',
    hold_reason: null,
    claim_owner: null,
    revision: item.revision + 1,
  })
})

test('a table that is not held, or was written since, is left alone', async () => {
  const [running, moved] = [newName(), newName()]
  await cloud.ports.tables.replace(claimed(running), undefined)
  await expect(release(running, 1)).rejects.toThrow('conditional')
  await cloud.ports.tables.replace(held(moved), undefined)
  await expect(release(moved, 2)).rejects.toThrow('conditional')
})
