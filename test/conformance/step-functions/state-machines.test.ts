/** State machines are true: the shipped one starts real functions and real jobs, and what is not implemented is refused. */
import { readFileSync } from 'node:fs'
import { CreateJobCommand, GetJobRunsCommand } from '@aws-sdk/client-glue'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import { beforeAll, describe, expect, test } from 'vitest'
import { account, createFunction, region, sharedCloud, until } from '../local/harness.ts'

const cloud = sharedCloud({ maxJobs: 2, driverMemory: '1g' })
const functionArn = (name: string) => `arn:aws:lambda:${region}:${account}:function:${name}`
const roleArn = `arn:aws:iam::${account}:role/any`

const create = async (name: string, definition: string) =>
  (await cloud.sfn.send(new CreateStateMachineCommand({ name, definition, roleArn }))).stateMachineArn as string
const states = (all: { [name: string]: object }, more: object = {}) =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(all)[0], States: all, ...more })

async function execute(stateMachineArn: string, input: object = {}): Promise<DescribeExecutionOutput> {
  const { executionArn } = await cloud.sfn.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  )
  return until(async () => {
    const found = await cloud.sfn.send(new DescribeExecutionCommand({ executionArn }))
    return found.status !== 'RUNNING' && found
  }, 60_000)
}

/** The payload that a child gave to a function, from its history. */
async function payloadTo(name: string, execution: DescribeExecutionOutput): Promise<{ [key: string]: unknown }> {
  const { mapRuns } = await cloud.sfn.send(new ListMapRunsCommand({ executionArn: execution.executionArn }))
  const { executions } = await cloud.sfn.send(new ListExecutionsCommand({ mapRunArn: String(mapRuns?.[0]?.mapRunArn) }))
  const { events } = await cloud.sfn.send(
    new GetExecutionHistoryCommand({ executionArn: executions?.[0]?.executionArn }),
  )
  const parameters = (events ?? []).map(({ taskScheduledEventDetails }) =>
    JSON.parse(taskScheduledEventDetails?.parameters ?? '{}'),
  )
  return parameters.find(({ FunctionName }) => FunctionName === functionArn(name))?.Payload
}

describe('the shipped machine, on functions that only answer and a job that is only Python', () => {
  let machine: string

  beforeAll(async () => {
    for (const Bucket of ['control', 'jobs']) await cloud.s3.send(new CreateBucketCommand({ Bucket }))
    const put = (Bucket: string, Key: string, Body: string) =>
      cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body }))
    await put('control', 'manifest.json', JSON.stringify([{ batch: 1, tables: ['only_table'] }]))
    await put('jobs', 'main.py', "import sys\nsys.exit(0 if '--run-id' in sys.argv else 3)\n")
    for (const [name, script] of Object.entries({ upsert: 'main.py', scriptless: 'gone.py' }))
      await cloud.glue.send(
        new CreateJobCommand({
          Name: name,
          Role: 'any',
          GlueVersion: '5.1',
          Command: { Name: 'glueetl', PythonVersion: '3', ScriptLocation: `s3://jobs/${script}` },
        }),
      )
    // The cadence of these runs is the name of the job, or tells a function to fail.
    const answers = {
      'batch-manager': `({ bucket: 'control', key: 'manifest.json', batches: 1, max_concurrency: 1 })`,
      'claim-batch': `({ plan_uri: 's3://control/plan.json', run_id: event.execution_name + '-1-0', claimed: 1, job: { name: event.refresh_cadence, worker_type: 'G.1X', max_workers: 2 } })`,
      'settle-batch': `({})`,
      'summarise-run': `({ tables: 1, completed: 0, skipped: 0, failed: 1, failed_tables: ['only_table'], summary_uri: 's3://control/summary.json' })`,
    }
    for (const [name, answer] of Object.entries(answers))
      await createFunction(cloud, name, `export const handler = async (event) => ${answer}`)
    const placeholders: { [name: string]: string } = {
      BatchManagerFunctionArn: 'batch-manager',
      ClaimBatchFunctionArn: 'claim-batch',
      SettleBatchFunctionArn: 'settle-batch',
      SummariseRunFunctionArn: 'summarise-run',
    }
    const shipped = readFileSync('state-machines/file-processor.asl.json', 'utf8')
    machine = await create(
      'file-processor',
      shipped.replace(/\$\{(\w+)\}/g, (_, name: string) => functionArn(String(placeholders[name]))),
    )
  })

  test('a job is really started, with the run id, before anybody is told that it succeeded (the emulator ends SUCCEEDED without one)', async () => {
    const ended = await execute(machine, { refresh_cadence: 'upsert' })
    const { job } = (await payloadTo('settle-batch', ended)) as { job: { id: string } }
    expect(job).toEqual({ started: 'yes', id: expect.stringMatching(/^jr_/), state: 'SUCCEEDED', error: null })
    const { JobRuns } = await cloud.glue.send(new GetJobRunsCommand({ JobName: 'upsert' }))
    expect(JobRuns).toMatchObject([
      { Id: job.id, JobRunState: 'SUCCEEDED', Arguments: { '--run-id': `${ended.name}-1-0` } },
    ])
  })

  test('what summarise-run says decides: a failed table fails the execution, which names it', async () => {
    expect(await execute(machine, { refresh_cadence: 'upsert' })).toMatchObject({
      status: 'FAILED',
      error: 'TG5307',
      cause: expect.stringContaining('1 of 1 tables failed: `only_table`'),
    })
  })

  test('a job whose script is missing has ended without success (the emulator says SUCCEEDED)', async () => {
    const ended = await execute(machine, { refresh_cadence: 'scriptless' })
    expect(await payloadTo('settle-batch', ended)).toMatchObject({
      job: { started: 'yes', state: 'FAILED', error: expect.any(String) },
    })
  })

  test('a job that does not exist is never called a success', async () => {
    const ended = await execute(machine, { refresh_cadence: 'no-such-job' })
    const { job } = (await payloadTo('settle-batch', ended)) as { job: { started: string } }
    expect(['no', 'maybe']).toContain(job.started)
    expect(job).toMatchObject({ id: null, state: null, error: expect.stringContaining('EntityNotFoundException') })
  })

  test('a child of the Map can be described while its execution is the owner of claims, and after', async () => {
    const ended = await execute(machine, { refresh_cadence: 'upsert' })
    const { owner } = await payloadTo('claim-batch', ended)
    expect(await cloud.sfn.send(new DescribeExecutionCommand({ executionArn: String(owner) }))).toMatchObject({
      status: 'SUCCEEDED',
      mapRunArn: expect.stringContaining(':mapRun:file-processor/EachBatch:'),
    })
  })
})

test('Retry and Catch match what the function threw, by name (the emulator calls everything Runtime.HandlerError)', async () => {
  await createFunction(
    cloud,
    'throws',
    'export class LedgerError extends Error { name = "LedgerError" }; export const handler = async () => { throw new LedgerError("TG3001") }',
  )
  const call = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: functionArn('throws') },
    End: true,
  }
  const caught = states({
    Call: {
      ...call,
      Retry: [{ ErrorEquals: ['LedgerError'], MaxAttempts: 1, IntervalSeconds: 1 }],
      Catch: [
        { ErrorEquals: ['OtherError'], Next: 'Wrong' },
        { ErrorEquals: ['LedgerError'], Next: 'Right' },
      ],
    },
    Wrong: { Type: 'Succeed', Output: 'wrong' },
    Right: { Type: 'Succeed', Output: '{% $parse($states.input.Cause).errorMessage %}' },
  })
  const ended = await execute(await create('catches', caught))
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '"TG3001"' })
  const { events } = await cloud.sfn.send(new GetExecutionHistoryCommand({ executionArn: ended.executionArn }))
  expect(events?.filter(({ type }) => type === 'TaskFailed')).toHaveLength(2)
})

test('JSONata is evaluated, variables are assigned all at once (other engines hand the text on, or assign in sequence)', async () => {
  const definition = states({
    A: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'B' },
    B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Next: 'C' },
    C: { Type: 'Succeed', Output: { x: '{% $x %}', y: '{% $y %}', parts: '{% $partition([1, 2, 3], 2) %}' } },
  })
  expect(await execute(await create('swaps', definition))).toMatchObject({
    output: '{"x":2,"y":1,"parts":[[1,2],[3]]}',
  })
})

test('a payload over 256 KiB fails, and no wildcard catches that', async () => {
  await createFunction(cloud, 'big', 'export const handler = async () => "x".repeat(300_000)')
  const definition = states({
    Call: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: functionArn('big') },
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      Next: 'Caught',
    },
    Caught: { Type: 'Succeed' },
  })
  expect(await execute(await create('big', definition))).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  })
})

const done = { Type: 'Succeed' }
test.each<[string, string, RegExp]>([
  ['JSONPath', JSON.stringify({ StartAt: 'A', States: { A: done } }), /QueryLanguage/],
  ['a field that would be ignored', states({ A: { ...done, OutputPath: '$.x' } }), /OutputPath/],
  ['a state type', states({ A: { Type: 'Parallel', Branches: [], End: true } }), /Parallel/],
  [
    'a service',
    states({ A: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', Arguments: {}, End: true } }),
    /sqs:sendMessage/,
  ],
  [
    'a job that nobody waits for',
    states({ A: { Type: 'Task', Resource: 'arn:aws:states:::glue:startJobRun', Arguments: {}, End: true } }),
    /startJobRun/,
  ],
  ['a time-out of the whole machine', states({ A: done }, { TimeoutSeconds: 5 }), /TimeoutSeconds/],
  ['a dangling Next', states({ A: { Type: 'Pass', Next: 'B' } }), /`B`/],
  ['$eval', states({ A: { ...done, Output: "{% $eval('1') %}" } }), /eval/],
  [
    'an operator newer than the JSONata of AWS',
    states({ A: { ...done, Output: '{% $states.input.a ?? 1 %}' } }),
    /2\.0\.6/,
  ],
])('%s is refused when the machine is created, not ignored when it runs', async (_what, definition, reason) => {
  await expect(create('refused', definition)).rejects.toMatchObject({
    name: 'InvalidDefinition',
    message: expect.stringMatching(reason),
  })
})

test('what a deployment sets can be read back (the emulator drops the logging of a state machine)', async () => {
  const loggingConfiguration = {
    level: 'ERROR' as const,
    includeExecutionData: true,
    destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `arn:aws:logs:${region}:${account}:log-group:g:*` } }],
  }
  const definition = states({ A: done })
  const created = await cloud.sfn.send(
    new CreateStateMachineCommand({ name: 'logged', definition, roleArn, loggingConfiguration }),
  )
  const stateMachineArn = created.stateMachineArn
  expect(await cloud.sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
    definition,
    roleArn,
    loggingConfiguration,
  })
})

test('an operation that nobody implements is an error, not a success', async () => {
  const response = await fetch(cloud.cloud.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSStepFunctions.RedriveExecution', 'content-type': 'application/x-amz-json-1.0' },
    body: '{}',
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' })
})
