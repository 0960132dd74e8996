/** Glue job runs are true: the exit code of a real spark-submit decides, and the limits of the service hold. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import {
  BatchStopJobRunCommand,
  CreateJobCommand,
  GetJobCommand,
  GetJobRunCommand,
  GetJobRunsCommand,
  type JobRun,
  StartCrawlerCommand,
  StartJobRunCommand,
  UpdateJobCommand,
} from '@aws-sdk/client-glue'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { sharedCloud, until } from './harness.ts'

const cloud = sharedCloud({ maxJobs: 1, driverMemory: '1g' })

const catalog = [
  'spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
  'spark.sql.defaultCatalog=glue',
  'spark.sql.catalog.glue=org.apache.iceberg.spark.SparkCatalog',
  'spark.sql.catalog.glue.type=glue',
  'spark.sql.catalog.glue.warehouse=s3://raw',
  'spark.sql.catalog.glue.io-impl=org.apache.iceberg.aws.s3.S3FileIO',
].join(' --conf ')

// No session: the driver is plain Python, so a run costs about a second.
const script = `
import json, os, signal, sys, time
import helper
print('ARGV ' + json.dumps(sys.argv[1:]), flush=True)
print('ENV ' + json.dumps(dict(os.environ)), flush=True)
how = sys.argv[sys.argv.index('--how') + 1] if '--how' in sys.argv else 'succeed'
if how == 'raise': raise ValueError('column \`op\` is missing')
if how == 'exit': sys.exit(2)
if how == 'killed': os.kill(os.getpid(), signal.SIGKILL)
if how == 'wait':
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(300)
print(helper.GREETING)
`
const session = `
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sql('CREATE DATABASE IF NOT EXISTS glue.conformance')
spark.sql('CREATE TABLE glue.conformance.t (id INT, name STRING) USING iceberg')
spark.createDataFrame([(1, 'a'), (2, 'b')], 'id int, name string').write.parquet('s3://raw/in/')
spark.read.parquet('s3://raw/in/').writeTo('glue.conformance.t').append()
rows = sorted(tuple(row) for row in spark.table('conformance.t').collect())
assert rows == [(1, 'a'), (2, 'b')], rows
print('ROWS', len(rows))
`

beforeAll(async () => {
  for (const Bucket of ['jobs', 'raw']) await cloud.s3.send(new CreateBucketCommand({ Bucket }))
  const objects = { 'main.py': script, 'session.py': session, 'helper.py': "GREETING = 'hello from the module'" }
  for (const [Key, Body] of Object.entries(objects))
    await cloud.s3.send(new PutObjectCommand({ Bucket: 'jobs', Key, Body }))
})

interface JobSettings {
  script?: string
  concurrent?: number
  queuing?: boolean
  modules?: string
}

const createJob = (
  name: string,
  { script = 'main.py', concurrent = 1, queuing = false, modules = 's3://jobs/helper.py' }: JobSettings = {},
) =>
  cloud.glue.send(
    new CreateJobCommand({
      Name: name,
      Role: 'any',
      GlueVersion: '5.1',
      Command: { Name: 'glueetl', PythonVersion: '3', ScriptLocation: `s3://jobs/${script}` },
      DefaultArguments: { '--extra-py-files': modules, '--conf': catalog, '--enable-metrics': 'true' },
      ExecutionProperty: { MaxConcurrentRuns: concurrent },
      JobRunQueuingEnabled: queuing,
    }),
  )

const startRun = async (job: string, how = 'succeed'): Promise<string> =>
  (
    await cloud.glue.send(
      new StartJobRunCommand({ JobName: job, Arguments: { '--how': how, '--plan': 's3://control/a b.json' } }),
    )
  ).JobRunId ?? ''

const read = async (job: string, id: string): Promise<JobRun> =>
  (await cloud.glue.send(new GetJobRunCommand({ JobName: job, RunId: id }))).JobRun ?? {}
const isOver = (run: JobRun) => !['STARTING', 'RUNNING', 'STOPPING', 'WAITING'].includes(run.JobRunState ?? '')
const ended = (job: string, id: string) =>
  until(async () => {
    const run = await read(job, id)
    return isOver(run) && run
  }, 60_000)
const inState = (job: string, id: string, state: string) =>
  until(async () => (await read(job, id)).JobRunState === state)
const stopRuns = (job: string, ids: string[]) =>
  cloud.glue.send(new BatchStopJobRunCommand({ JobName: job, JobRunIds: ids }))
const logOf = (run: JobRun): string => readFileSync(run.LogGroupName ?? '', 'utf8')
const logged = (run: JobRun, what: string) =>
  JSON.parse(new RegExp(`^${what} (.*)$`, 'm').exec(logOf(run))?.[1] ?? 'null')

test('exit code 0 is SUCCEEDED; the script gets its own arguments, those of the job, and those of Glue', async () => {
  await createJob('succeeds')
  const id = await startRun('succeeds')
  const run = await ended('succeeds', id)
  expect(run).toMatchObject({
    JobRunState: 'SUCCEEDED',
    Id: id,
    JobName: 'succeeds',
    Attempt: 0,
    Arguments: { '--plan': 's3://control/a b.json' },
  })
  expect(run.ErrorMessage).toBeUndefined()
  const argv: string[] = logged(run, 'ARGV')
  const argument = (name: string) => argv[argv.indexOf(name) + 1]
  expect(argument('--plan')).toBe('s3://control/a b.json')
  expect(argument('--JOB_NAME')).toBe('succeeds')
  expect(argument('--JOB_RUN_ID')).toBe(id)
  expect(argument('--enable-metrics')).toBe('true')
  expect(argv).not.toContain('--conf')
  expect(logged(run, 'ENV')).toMatchObject({ AWS_ENDPOINT_URL: cloud.cloud.endpoint, AWS_REGION: 'us-east-1' })
  expect(logOf(run)).toContain('hello from the module')
})

test.each([
  ['raise', /^ValueError: column `op` is missing .*exit code 1/],
  ['exit', /exit code 2/],
  ['killed', /exit code [1-9]/],
])('a driver that ends by `%s` is FAILED and says why', async (how, message) => {
  await createJob(`fails-${how}`)
  const run = await ended(`fails-${how}`, await startRun(`fails-${how}`, how))
  expect(run.JobRunState).toBe('FAILED')
  expect(run.ErrorMessage).toMatch(message)
})

test.each([
  ['script', { script: 'nothing.py' }, 's3://jobs/nothing.py'],
  ['module', { modules: 's3://jobs/nothing.zip' }, 's3://jobs/nothing.zip'],
])('a missing %s is FAILED and named (the emulator says SUCCEEDED)', async (what, settings, uri) => {
  await createJob(`missing-${what}`, settings)
  const run = await ended(`missing-${what}`, await startRun(`missing-${what}`))
  expect(run.JobRunState).toBe('FAILED')
  expect(run.ErrorMessage).toContain(uri)
})

test('a missing job or run is EntityNotFoundException', async () => {
  await createJob('present')
  await expect(startRun('absent')).rejects.toMatchObject({ name: 'EntityNotFoundException' })
  await expect(read('present', 'jr_absent')).rejects.toMatchObject({ name: 'EntityNotFoundException' })
  await expect(cloud.glue.send(new GetJobRunsCommand({ JobName: 'absent' }))).rejects.toMatchObject({
    name: 'EntityNotFoundException',
  })
})

test('one run more than MaxConcurrentRuns is refused; stopping ends a driver that ignores TERM, and nothing of it is left', async () => {
  await createJob('limited', { concurrent: 1 })
  const id = await startRun('limited', 'wait')
  await expect(startRun('limited')).rejects.toMatchObject({ name: 'ConcurrentRunsExceededException' })
  const workDir = (await read('limited', id)).LogGroupName?.replace('/driver.log', '') ?? ''
  await until(async () => existsSync(`${workDir}/driver.log`) && logOf(await read('limited', id)).includes('ENV'))
  const answer = await stopRuns('limited', [id, 'jr_absent'])
  expect(answer.SuccessfulSubmissions).toMatchObject([{ JobName: 'limited', JobRunId: id }])
  expect(answer.Errors).toMatchObject([
    { JobRunId: 'jr_absent', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } },
  ])
  expect((await read('limited', id)).JobRunState).toBe('STOPPING')
  expect((await ended('limited', id)).JobRunState).toBe('STOPPED')
  expect(processesIn(workDir)).toEqual([])
  expect((await stopRuns('limited', [id])).Errors).toHaveLength(1)
})

test('with queuing, runs wait in order for the one place; a waiting run can be stopped', async () => {
  await createJob('queued', { concurrent: 10, queuing: true })
  const first = await startRun('queued', 'wait')
  await inState('queued', first, 'RUNNING')
  const [second, third, fourth] = [await startRun('queued'), await startRun('queued'), await startRun('queued')]
  for (const id of [second, third, fourth]) expect((await read('queued', id)).JobRunState).toBe('WAITING')
  await stopRuns('queued', [third])
  expect((await read('queued', third)).JobRunState).toBe('STOPPED')
  await stopRuns('queued', [first])
  const [runSecond, runFourth] = [await ended('queued', second), await ended('queued', fourth)]
  expect([runSecond.JobRunState, runFourth.JobRunState]).toEqual(['SUCCEEDED', 'SUCCEEDED'])
  expect(runSecond.CompletedOn?.getTime()).toBeLessThan(runFourth.CompletedOn?.getTime() ?? 0)

  const pages: string[] = []
  for (let NextToken: string | undefined; ; ) {
    const page = await cloud.glue.send(new GetJobRunsCommand({ JobName: 'queued', MaxResults: 3, NextToken }))
    pages.push(...(page.JobRuns ?? []).map(({ Id }) => Id ?? ''))
    NextToken = page.NextToken
    if (NextToken === undefined) break
  }
  expect(pages).toEqual([fourth, third, second, first])
})

test('job settings that the emulator drops are kept, over an update too; what nobody runs is refused', async () => {
  await createJob('settings', { concurrent: 7, queuing: true })
  const get = async () => (await cloud.glue.send(new GetJobCommand({ JobName: 'settings' }))).Job
  expect(await get()).toMatchObject({
    ExecutionProperty: { MaxConcurrentRuns: 7 },
    JobRunQueuingEnabled: true,
    GlueVersion: '5.1',
  })
  const Command = { Name: 'glueetl', PythonVersion: '3', ScriptLocation: 's3://jobs/main.py' }
  await cloud.glue.send(
    new UpdateJobCommand({
      JobName: 'settings',
      JobUpdate: { Role: 'any', Command, ExecutionProperty: { MaxConcurrentRuns: 2 } },
    }),
  )
  expect(await get()).toMatchObject({ ExecutionProperty: { MaxConcurrentRuns: 2 } })
  expect((await get())?.JobRunQueuingEnabled).toBeUndefined()
  await expect(cloud.glue.send(new StartCrawlerCommand({ Name: 'any' }))).rejects.toMatchObject({
    name: 'InvalidInputException',
  })
  await cloud.glue.send(
    new CreateJobCommand({
      Name: 'shell',
      Role: 'any',
      Command: { Name: 'pythonshell', ScriptLocation: 's3://jobs/main.py' },
    }),
  )
  await expect(startRun('shell')).rejects.toMatchObject({ name: 'InvalidInputException' })
})

test('a real session reads and writes S3, and makes an Iceberg table in the Glue catalogue', async () => {
  await createJob('session', { script: 'session.py' })
  const run = await ended('session', await startRun('session'))
  expect(run.ErrorMessage).toBeUndefined()
  expect(run.JobRunState).toBe('SUCCEEDED')
  expect(logOf(run)).toContain('ROWS 2')
})

/** Command lines of processes that work in a directory: what a stopped run must not leave. */
function processesIn(directory: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)
        ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
        : []
    } catch {
      return [] // it has just ended, or is not ours
    }
  })
}
