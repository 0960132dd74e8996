/** DynamoDB as the ledger leans on it: one winner, all or nothing, the loser sees the winner, reads that are never stale. */
import {
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { beforeAll, expect, test } from 'vitest'
import { sharedCloud } from './harness.ts'

const cloud = sharedCloud()
const TableName = 'ledger'

beforeAll(async () => {
  await cloud.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  )
})

const key = (pk: string, sk = 'x') => ({ pk: { S: pk }, sk: { S: sk } })
const item = async (pk: string, sk = 'x') =>
  (await cloud.dynamodb.send(new GetItemCommand({ TableName, Key: key(pk, sk), ConsistentRead: true }))).Item

test('of 64 claims at once one wins, and each loser is told the winner', async () => {
  const claim = (owner: number) =>
    cloud.dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: key('claim'),
        UpdateExpression: 'SET #o = :o ADD claim_token :one',
        ConditionExpression: 'attribute_not_exists(#o)',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':o': { S: `run ${owner}` }, ':one': { N: '1' } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    )
  const results = await Promise.allSettled(Array.from({ length: 64 }, (_, owner) => claim(owner)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const held = await item('claim')
  expect(held?.claim_token).toEqual({ N: '1' })
  for (const result of results)
    if (result.status === 'rejected') {
      expect(result.reason.name).toBe('ConditionalCheckFailedException')
      expect(result.reason.Item).toEqual(held)
    }
})

test('a transaction with one failed condition writes nothing, and says which and what was there', async () => {
  await cloud.dynamodb.send(new PutItemCommand({ TableName, Item: { ...key('history'), note: { S: 'settled' } } }))
  const landing = new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName, Item: key('tracker'), ConditionExpression: 'attribute_not_exists(pk)' } },
      {
        ConditionCheck: {
          TableName,
          Key: key('history'),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
    ],
  })
  const refused: TransactionCanceledException = await cloud.dynamodb.send(landing).then(
    () => expect.fail('the transaction went through'),
    (error) => error,
  )
  expect(refused.name).toBe('TransactionCanceledException')
  expect(refused.CancellationReasons?.map(({ Code }) => Code)).toEqual(['None', 'ConditionalCheckFailed'])
  expect(refused.CancellationReasons?.[1]?.Item).toEqual({ ...key('history'), note: { S: 'settled' } })
  expect(await item('tracker')).toBeUndefined()
})

test('a transaction sent again with its token is done once; the token with other content is refused', async () => {
  const counting = (pk: string) =>
    new TransactWriteItemsCommand({
      ClientRequestToken: 'settle-batch-0001',
      TransactItems: [
        {
          Update: {
            TableName,
            Key: key(pk),
            UpdateExpression: 'ADD moved :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
      ],
    })
  await cloud.dynamodb.send(counting('counted'))
  await cloud.dynamodb.send(counting('counted'))
  expect((await item('counted'))?.moved).toEqual({ N: '1' })
  await expect(cloud.dynamodb.send(counting('another'))).rejects.toMatchObject({
    name: 'IdempotentParameterMismatchException',
  })
})

test('two transactions on one item at once: nothing is lost, and a loser is told so', async () => {
  const add = () =>
    cloud.dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: ['race-a', 'race-b'].map((pk) => ({
          Update: {
            TableName,
            Key: key(pk),
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        })),
      }),
    )
  const results = await Promise.allSettled(Array.from({ length: 32 }, add))
  const done = results.filter(({ status }) => status === 'fulfilled').length
  expect([(await item('race-a'))?.n, (await item('race-b'))?.n]).toEqual([{ N: String(done) }, { N: String(done) }])
})

test('a consistent query sees every finished write, oldest first, in pages', async () => {
  const names = Array.from({ length: 40 }, (_, at) => `${String(1_700_000_000 + at).padStart(12, '0')}-${at}`)
  for (const sk of names.toReversed())
    await cloud.dynamodb.send(new PutItemCommand({ TableName, Item: key('files', sk) }))
  const query = {
    TableName,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :t',
    ExpressionAttributeValues: { ':t': { S: 'files' } },
  }
  const seen: (string | undefined)[] = []
  for (let ExclusiveStartKey: ReturnType<typeof key> | undefined; ; ) {
    const page = await cloud.dynamodb.send(new QueryCommand({ ...query, Limit: 7, ExclusiveStartKey }))
    seen.push(...(page.Items ?? []).map(({ sk }) => sk?.S))
    ExclusiveStartKey = page.LastEvaluatedKey as ReturnType<typeof key> | undefined
    if (ExclusiveStartKey === undefined) break
  }
  expect(seen).toEqual(names)
})
