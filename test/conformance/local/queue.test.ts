/** From an S3 put to a function: events, queue semantics, partial failures, dead letters; as AWS documents them. */

import { setTimeout as delay } from 'node:timers/promises'
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { objectDeletedEvent } from '../../../shared/contracts/event.ts'
import { account, createFunction, logsOf, region, sharedCloud, until } from './harness.ts'

const cloud = sharedCloud()
const arnOf = (queue: string) => `arn:aws:sqs:${region}:${account}:${queue}`

async function createQueue(name: string, attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await cloud.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
  return QueueUrl ?? ''
}

async function depth(queueUrl: string): Promise<{ visible: number; hidden: number }> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
  )
  return { visible: Number(Attributes?.[names[0]]), hidden: Number(Attributes?.[names[1]]) }
}

const connect = async (queue: string, functionName: string, settings: { batchSize?: number; window?: number } = {}) =>
  cloud.lambda.send(
    new CreateEventSourceMappingCommand({
      EventSourceArn: arnOf(queue),
      FunctionName: functionName,
      BatchSize: settings.batchSize ?? 10,
      MaximumBatchingWindowInSeconds: settings.window ?? 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    }),
  )

const send = (queueUrl: string, bodies: string[]) =>
  cloud.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: bodies.map((MessageBody, at) => ({ Id: String(at), MessageBody })),
    }),
  )

/** The bodies of each batch that the function was called with. */
const batchesOf = async (name: string): Promise<string[][]> =>
  (await logsOf(cloud, name).catch(() => [])).flatMap((line) =>
    line.startsWith('BATCH ') ? [JSON.parse(line.slice(6))] : [],
  )

const answering = (response: string) => `export const handler = async ({ Records }) => {
  console.log('BATCH ' + JSON.stringify(Records.map(({ body }) => body)))
  const ids = Records.map(({ messageId }) => messageId)
  return ${response}
}`

// The emulator's own poller deletes every message for the first four, and keeps them for `null`.
test.each([
  ['an empty identifier', `{ batchItemFailures: [{ itemIdentifier: '' }] }`, 2],
  ['a null identifier', `{ batchItemFailures: [{ itemIdentifier: null }] }`, 2],
  ['an unknown identifier', `{ batchItemFailures: [{ itemIdentifier: 'nobody' }] }`, 2],
  ['another name than itemIdentifier', `{ batchItemFailures: [{ id: ids[0] }] }`, 2],
  ['a null list', `{ batchItemFailures: null }`, 0],
  ['an empty list', `{ batchItemFailures: [] }`, 0],
  ['no answer', `undefined`, 0],
])('%s: of two messages, the right ones stay', async (what, response, staying) => {
  const name = `answers-${what.replaceAll(' ', '-')}`
  const queueUrl = await createQueue(name, { VisibilityTimeout: '60' })
  await createFunction(cloud, name, answering(response))
  await send(queueUrl, ['one', 'two'])
  await connect(name, name)
  await until(async () => (await batchesOf(name)).flat().length === 2)
  await until(async () => (await depth(queueUrl)).hidden === staying)
  expect(await depth(queueUrl)).toEqual({ visible: 0, hidden: staying })
})

test('only the failed message comes back, and after three receives it is a dead letter', async () => {
  const dlqUrl = await createQueue('partial-dlq')
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('partial-dlq'), maxReceiveCount: 3 })
  const queueUrl = await createQueue('partial', { VisibilityTimeout: '1', RedrivePolicy })
  const poison = `{ batchItemFailures: Records.filter(({ body }) => body === 'poison').map(({ messageId }) => ({ itemIdentifier: messageId })) }`
  await createFunction(cloud, 'partial', answering(poison))
  await send(queueUrl, ['good', 'poison', 'fine'])
  await connect('partial', 'partial')
  const [letter] = await until(
    async () => (await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: dlqUrl }))).Messages,
  )
  expect(letter?.Body).toBe('poison')
  expect((await batchesOf('partial')).flat().toSorted()).toEqual(['fine', 'good', 'poison', 'poison', 'poison'])
  expect(await depth(queueUrl)).toEqual({ visible: 0, hidden: 0 })
})

test('a function that throws or times out keeps its whole batch', async () => {
  const queueUrl = await createQueue('throwing', { VisibilityTimeout: '60' })
  await createFunction(
    cloud,
    'throwing',
    `${answering('0')}\nexport const failing = async (event) => { await handler(event); throw new Error('no') }`,
    {
      handler: 'functions/x/handler.failing',
    },
  )
  await send(queueUrl, ['one', 'two', 'three'])
  await connect('throwing', 'throwing')
  await until(async () => (await batchesOf('throwing')).flat().length === 3)
  expect(await depth(queueUrl)).toEqual({ visible: 0, hidden: 3 })
})

test('a window gathers up to the batch size (the emulator hands out ten at a time, at once)', async () => {
  const queueUrl = await createQueue('window', { VisibilityTimeout: '60' })
  await createFunction(cloud, 'window', answering('undefined'))
  for (const tens of ['a', 'b', 'c'])
    await send(
      queueUrl,
      Array.from({ length: 10 }, (_, at) => `${tens}${at}`),
    )
  await connect('window', 'window', { batchSize: 25, window: 2 })
  await until(async () => (await batchesOf('window')).flat().length === 30)
  expect((await batchesOf('window')).map((batch) => batch.length)).toEqual([25, 5])
})

test('a record is what AWS delivers', async () => {
  const queueUrl = await createQueue('record')
  await createFunction(
    cloud,
    'record',
    `export const handler = async ({ Records }) => { console.log('BATCH ' + JSON.stringify(Records)) }`,
  )
  const MessageAttributes = { source: { DataType: 'String', StringValue: 'test' } }
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'hello', MessageAttributes }))
  await connect('record', 'record')
  const [[record]] = (await until(
    async () => (await batchesOf('record')).length > 0 && (await batchesOf('record')),
  )) as unknown as [[Record<string, unknown>]]
  expect(record).toMatchObject({
    body: 'hello',
    eventSource: 'aws:sqs',
    eventSourceARN: arnOf('record'),
    awsRegion: region,
    md5OfBody: '5d41402abc4b2a76b9719d911017c592',
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: { source: { dataType: 'String', stringValue: 'test' } },
  })
  expect(Object.keys(record)).toEqual(expect.arrayContaining(['messageId', 'receiptHandle']))
})

test('mappings are read back, changed and deleted; what would be ignored is refused', async () => {
  const queueUrl = await createQueue('mapped')
  await createFunction(cloud, 'mapped', answering('undefined'))
  const { UUID } = await connect('mapped', 'mapped', { batchSize: 25, window: 1 })
  const read = await cloud.lambda.send(new GetEventSourceMappingCommand({ UUID }))
  expect(read).toMatchObject({
    BatchSize: 25,
    MaximumBatchingWindowInSeconds: 1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    State: 'Enabled',
  })
  await cloud.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }))
  const { EventSourceMappings } = await cloud.lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: 'mapped' }),
  )
  expect(EventSourceMappings).toMatchObject([{ UUID, State: 'Disabled', BatchSize: 25 }])
  await send(queueUrl, ['waits'])
  await delay(1_500) // longer than one receive: a poller that still ran would have taken it
  expect(await depth(queueUrl)).toEqual({ visible: 1, hidden: 0 })
  await cloud.lambda.send(new DeleteEventSourceMappingCommand({ UUID }))
  await expect(cloud.lambda.send(new GetEventSourceMappingCommand({ UUID }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
  const filtered = new CreateEventSourceMappingCommand({
    EventSourceArn: arnOf('mapped'),
    FunctionName: 'mapped',
    FilterCriteria: { Filters: [{ Pattern: '{}' }] },
  })
  await expect(cloud.lambda.send(filtered)).rejects.toMatchObject({ name: 'InvalidParameterValueException' })
})

test('S3 → EventBridge → SQS → function: the key arrives as it was put, with size, etag and version', async () => {
  const key = 'internal_staging/a+b c%2B é/LOAD 01%.parquet'
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'staging-events' }))
  await cloud.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'staging-events',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  )
  await createQueue('landing')
  const EventPattern = JSON.stringify({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: ['staging-events'] } },
  })
  await cloud.events.send(new PutRuleCommand({ Name: 'landing', EventPattern }))
  await cloud.events.send(new PutTargetsCommand({ Rule: 'landing', Targets: [{ Id: 'queue', Arn: arnOf('landing') }] }))
  await createFunction(cloud, 'landing', answering('undefined'))
  await connect('landing', 'landing')
  const put = await cloud.s3.send(new PutObjectCommand({ Bucket: 'staging-events', Key: key, Body: 'PAR1' }))
  const [body] = await until(async () => (await batchesOf('landing')).at(0))
  const event = JSON.parse(body ?? '')
  expect(event).toMatchObject({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: {
      bucket: { name: 'staging-events' },
      object: { key, size: 4, etag: put.ETag?.replaceAll('"', '') },
      reason: 'PutObject',
    },
  })
  expect(event.detail.object.sequencer).toMatch(/^[0-9A-F]+$/i)
  const head = await cloud.s3.send(new HeadObjectCommand({ Bucket: 'staging-events', Key: key }))
  expect(Math.abs((head.LastModified?.getTime() ?? 0) - Date.parse(event.time))).toBeLessThan(2_000)
})

test('each object that a request deletes is told with key, time and reason, and a rule may go by that reason', async () => {
  const [one, ...many] = ['LOAD 01', 'LOAD 02', '20231118-101012345'].map(
    (name) => `internal_staging/a/b/${name}.parquet`,
  )
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'deletions' }))
  const NotificationConfiguration = { EventBridgeConfiguration: {} }
  await cloud.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'deletions', NotificationConfiguration }))
  await createQueue('deletions')
  for (const [rule, reason] of [
    ['deletions', 'DeleteObject'],
    ['expirations', 'Lifecycle Expiration'],
  ] as const) {
    const detail = { bucket: { name: ['deletions'] }, reason: [reason] }
    const EventPattern = JSON.stringify({ source: ['aws.s3'], 'detail-type': ['Object Deleted'], detail })
    await cloud.events.send(new PutRuleCommand({ Name: rule, EventPattern }))
    await cloud.events.send(new PutTargetsCommand({ Rule: rule, Targets: [{ Id: rule, Arn: arnOf('deletions') }] }))
  }
  await createFunction(cloud, 'deletions', answering('undefined'))
  await connect('deletions', 'deletions')
  for (const Key of [one, ...many])
    await cloud.s3.send(new PutObjectCommand({ Bucket: 'deletions', Key, Body: 'PAR1' }))
  await cloud.s3.send(new DeleteObjectCommand({ Bucket: 'deletions', Key: one }))
  const Objects = many.map((Key) => ({ Key }))
  await cloud.s3.send(new DeleteObjectsCommand({ Bucket: 'deletions', Delete: { Objects } }))
  const bodies = async () => (await batchesOf('deletions')).flat()
  await until(async () => (await bodies()).length >= 3)
  const details = (await bodies()).map((body) => objectDeletedEvent.parse(JSON.parse(body)).detail)
  expect(details.map(({ object }) => object.key).toSorted()).toEqual([one, ...many].toSorted())
  for (const detail of details) {
    expect(detail).toMatchObject({ reason: 'DeleteObject', 'deletion-type': 'Permanently Deleted' })
    expect(detail.object['version-id']).toBeUndefined()
  }
})
