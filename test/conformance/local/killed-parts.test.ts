/** `kill -9` of each part of a running local cloud: what it takes along, what goes on, and what is said of what is lost. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { CreateJobCommand, GetJobRunCommand, StartJobRunCommand } from '@aws-sdk/client-glue'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFunction, invoke, type Running, start, until } from './harness.ts'
import { commandOf, descendants, isGone } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'tidegate-killed-'))
const temporary = join(directory, 'tmp')
beforeAll(() => {
  mkdirSync(temporary)
  process.env.TMPDIR = temporary
})
afterAll(() => {
  delete process.env.TMPDIR
  rmSync(directory, { recursive: true, force: true })
})

/** The one process below us whose command line has all of `words`, and none below it has. */
const find = (...words: string[]): number | undefined =>
  descendants(process.pid).findLast((pid) => words.every((word) => commandOf(pid).includes(word)))
const killed = (pid: number | undefined): void => {
  if (pid === undefined) throw new Error('there is no such process')
  process.kill(pid, 'SIGKILL')
}
/** Its guard is the parent that names the same command. */
const guardOf = (...words: string[]): number | undefined => find('guard.py', ...words)
const Item = { pk: { S: 'row' } }

async function withTable(dataDir: string): Promise<Running> {
  const running = await start({ dataDir, driverMemory: '512m' })
  await running.dynamodb.send(
    new CreateTableCommand({
      TableName: 'kept',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    }),
  )
  return running
}
const rowOf = async ({ dynamodb }: Running) =>
  (await dynamodb.send(new GetItemCommand({ TableName: 'kept', Key: Item, ConsistentRead: true }))).Item

describe('of a part that others do without', () => {
  let at: Running
  beforeAll(async () => {
    at = await start({ driverMemory: '512m' })
    await at.s3.send(new CreateBucketCommand({ Bucket: 'jobs' }))
    const Body = "import time\nprint('AT WORK', flush=True)\ntime.sleep(300)"
    await at.s3.send(new PutObjectCommand({ Bucket: 'jobs', Key: 'main.py', Body }))
    const Command = { Name: 'glueetl', ScriptLocation: 's3://jobs/main.py' }
    await at.glue.send(new CreateJobCommand({ Name: 'sleeps', Role: 'any', Command }))
  })
  afterAll(() => at?.cloud.stop())

  test('a function: the call fails by name, the next one finds a new process', async () => {
    await createFunction(
      at,
      'waits',
      'export const handler = ({ wait }) => wait ? new Promise(() => setInterval(() => {}, 1e6)) : process.pid',
      { timeout: 3 },
    )
    const { answer: first } = await invoke(at, 'waits')
    const call = invoke(at, 'waits', { wait: true })
    process.kill(Number(first), 'SIGKILL')
    expect(await call).toMatchObject({ failed: 'Unhandled', answer: { errorType: expect.any(String) } })
    expect((await invoke(at, 'waits')).answer).not.toBe(first)
  })

  /** Starts a run and waits until its script works. */
  async function working(): Promise<string> {
    const { JobRunId = '' } = await at.glue.send(new StartJobRunCommand({ JobName: 'sleeps' }))
    const log = join(at.cloud.dataDir, 'runs', JobRunId, 'driver.log')
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('AT WORK'))
    return JobRunId
  }

  test.each([
    ['the JVM of a driver', (run: string) => find('org.apache.spark.deploy.SparkSubmit', run)],
    ['the Python of a driver', (run: string) => find('main.py', run, '/python')],
    ['what watches a driver', (run: string) => guardOf(run)],
  ])('%s: its run is FAILED, and nothing of it is left', async (_, pidOf) => {
    const RunId = await working()
    const own = descendants(guardOf(RunId) ?? 0)
    expect(own.length).toBeGreaterThanOrEqual(2)
    killed(pidOf(RunId))
    const state = async () =>
      (await at.glue.send(new GetJobRunCommand({ JobName: 'sleeps', RunId }))).JobRun?.JobRunState
    await until(async () => (await state()) === 'FAILED')
    await until(() => own.every(isGone))
    expect(existsSync(join(at.cloud.dataDir, 'runs', RunId, 'scratch'))).toBe(false)
  })
})

describe('of the emulator', () => {
  test('what it had in memory is lost, which is said; objects are kept, and the directory opens again', async () => {
    const dataDir = join(directory, 'emulator')
    const before = await withTable(dataDir)
    await before.s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
    await before.cloud.stop()

    const at = await start({ dataDir })
    await at.dynamodb.send(new PutItemCommand({ TableName: 'kept', Item }))
    await at.s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'object', Body: 'content' }))
    await createFunction(at, 'warm', 'export const handler = async () => process.pid')
    const fn = Number((await invoke(at, 'warm')).answer)
    killed(find('hypercorn'))
    expect(await at.cloud.failed).toMatch(
      /exit code 137.* ledger, queues and catalogue held since .*Z is lost, objects on S3 are kept/,
    )
    await at.cloud.stop()
    await until(() => isGone(fn) && find('hypercorn') === undefined)

    const again = await start({ dataDir })
    try {
      expect(await rowOf(again)).toBeUndefined()
      const object = await again.s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'object' }))
      expect(await object.Body?.transformToString()).toBe('content')
    } finally {
      await again.cloud.stop()
    }
  })

  test('what watches it: the emulator is ended in order, and nothing is lost', async () => {
    const dataDir = join(directory, 'guard')
    const at = await withTable(dataDir)
    await at.dynamodb.send(new PutItemCommand({ TableName: 'kept', Item }))
    const emulator = find('hypercorn') ?? 0
    killed(guardOf('hypercorn'))
    expect(await at.cloud.failed).toContain('its state was written, nothing is lost')
    await at.cloud.stop()
    expect(isGone(emulator)).toBe(true)
    expect(readdirSync(temporary).filter((name) => name.startsWith('tidegate-emulator'))).toEqual([])
    const again = await start({ dataDir })
    try {
      expect(await rowOf(again)).toEqual(Item)
    } finally {
      await again.cloud.stop()
    }
  })
})

test('no part leaves a temporary directory behind', () => {
  expect(readdirSync(temporary).filter((name) => name.startsWith('tidegate-'))).toEqual([])
})
