/** State outlives an orderly stop; a data directory has one owner; nothing outlives a killed one. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { CreateJobCommand, GetJobCommand, GetJobRunCommand, StartJobRunCommand } from '@aws-sdk/client-glue'
import { CreateEventSourceMappingCommand, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateScheduleCommand, GetScheduleCommand } from '@aws-sdk/client-scheduler'
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, expect, test } from 'vitest'
import { runningOn } from '../../../local/data-dir.ts'
import { account, createFunction, invoke, logsOf, region, start, until } from './harness.ts'
import { descendants, isGone } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'tidegate-restart-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const dataDir = join(directory, 'data')

const table = {
  TableName: 'kept',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
} as const
const schedule = {
  Name: 'nightly',
  ScheduleExpression: 'cron(0 3 * * ? *)',
  ScheduleExpressionTimezone: 'Europe/Berlin',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution', RoleArn: `arn:aws:iam::${account}:role/any` },
} as const
const queueArn = `arn:aws:sqs:${region}:${account}:kept`
const Key = 'internal_staging/a+b c%2B é.parquet'

test('everything is there again after a stop: rows, objects, messages, functions, runs, mappings, schedules', async () => {
  const first = await start({ dataDir })
  await first.dynamodb.send(
    new CreateTableCommand({
      ...table,
      KeySchema: [...table.KeySchema],
      AttributeDefinitions: [...table.AttributeDefinitions],
    }),
  )
  await first.dynamodb.send(new PutItemCommand({ TableName: 'kept', Item: { pk: { S: 'row' } } }))
  await first.s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
  const { ETag } = await first.s3.send(new PutObjectCommand({ Bucket: 'kept', Key, Body: 'content' }))
  await createFunction(
    first,
    'kept',
    `export const handler = async (event) => { console.log('GOT ' + JSON.stringify(event)) }`,
  )
  const { QueueUrl } = await first.sqs.send(new CreateQueueCommand({ QueueName: 'kept' }))
  await first.glue.send(
    new CreateJobCommand({
      Name: 'kept',
      Role: 'any',
      Command: { Name: 'glueetl', ScriptLocation: 's3://kept/none.py' },
      ExecutionProperty: { MaxConcurrentRuns: 9 },
    }),
  )
  const { JobRunId } = await first.glue.send(new StartJobRunCommand({ JobName: 'kept' }))
  const runIs = async (cloud: typeof first) =>
    (await cloud.glue.send(new GetJobRunCommand({ JobName: 'kept', RunId: JobRunId }))).JobRun?.JobRunState
  await until(async () => (await runIs(first)) === 'FAILED')
  await first.scheduler.send(new CreateScheduleCommand(schedule))
  await first.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'waits over the stop' }))
  await first.cloud.stop()
  expect(runningOn(dataDir)).toBeUndefined()

  const second = await start({ dataDir })
  try {
    expect(second.cloud.endpoint).toBe(first.cloud.endpoint)
    expect(
      (
        await second.dynamodb.send(
          new GetItemCommand({ TableName: 'kept', Key: { pk: { S: 'row' } }, ConsistentRead: true }),
        )
      ).Item,
    ).toEqual({ pk: { S: 'row' } })
    const object = await second.s3.send(new GetObjectCommand({ Bucket: 'kept', Key }))
    expect([await object.Body?.transformToString(), object.ETag]).toEqual(['content', ETag])
    expect((await invoke(second, 'kept')).failed).toBeUndefined()
    expect((await second.glue.send(new GetJobCommand({ JobName: 'kept' }))).Job?.ExecutionProperty).toEqual({
      MaxConcurrentRuns: 9,
    })
    expect(await runIs(second)).toBe('FAILED')
    expect(await second.scheduler.send(new GetScheduleCommand({ Name: 'nightly' }))).toMatchObject(schedule)
    await second.lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: queueArn, FunctionName: 'kept' }))
    await until(async () =>
      (await logsOf(second, 'kept')).some((line) => line.startsWith('GOT') && line.includes('waits over the stop')),
    )
    await expect(start({ dataDir })).rejects.toThrow(/^TG1103: .*in use.*process id/)
  } finally {
    await second.cloud.stop()
  }

  await expect(start({ dataDir, port: second.cloud.port + 1 })).rejects.toThrow(/^TG1104: /)
  const third = await start({ dataDir })
  try {
    const { EventSourceMappings } = await third.lambda.send(
      new ListEventSourceMappingsCommand({ EventSourceArn: queueArn }),
    )
    expect(EventSourceMappings).toHaveLength(1)
  } finally {
    await third.cloud.stop()
  }
})

test('without a data directory nothing is left of it', async () => {
  const cloud = await start()
  const path = cloud.cloud.dataDir
  expect(existsSync(path)).toBe(true)
  await cloud.cloud.stop()
  await cloud.cloud.stop()
  expect(existsSync(path)).toBe(false)
})

test('a port that is taken is refused by its number, and the data directory is free again', async () => {
  const cloud = await start()
  const other = join(directory, 'other')
  try {
    await expect(start({ port: cloud.cloud.port, dataDir: other })).rejects.toThrow(
      `TG1102: port \`${cloud.cloud.port}\``,
    )
    expect(existsSync(join(other, 'local.json'))).toBe(false)
  } finally {
    await cloud.cloud.stop()
  }
})

test('a killed local cloud takes its emulator, functions and Spark drivers along, and its directory opens again', async () => {
  const killed = join(directory, 'killed')
  const parent = spawn(process.execPath, [fileURLToPath(new URL('killed-parent.ts', import.meta.url)), killed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    parent.stdout.on('data', (text) => String(text).includes('driver works') && resolve(undefined))
    parent.on('exit', () => reject(new Error('it ended by itself')))
  })
  const children = descendants(parent.pid ?? 0)
  expect(children.length).toBeGreaterThanOrEqual(5) // guard, emulator, function; guard and driver
  parent.removeAllListeners('exit').kill('SIGKILL')
  await until(() => children.every(isGone))
  const [run = ''] = readdirSync(join(killed, 'runs'))
  await until(() => !existsSync(join(killed, 'runs', run, 'scratch')))

  const again = await start({ dataDir: killed })
  try {
    const runs = JSON.parse(readFileSync(join(killed, 'glue-runs.json'), 'utf8')).runs
    expect(runs).toMatchObject([
      { state: 'ERROR', error: expect.stringContaining('ended while this run was not over') },
    ])
  } finally {
    await again.cloud.stop()
  }
})
