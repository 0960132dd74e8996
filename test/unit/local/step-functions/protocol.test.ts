/** The service's protocol, asked by the real SDK over loopback. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  type ListExecutionsCommandInput,
  ListMapRunsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileJournal } from '../../../../local/step-functions/journal.ts'
import type { StepFunctionsPorts } from '../../../../local/step-functions/ports.ts'
import { definitionOf, ok, type World, world } from './world.ts'

const roleArn = 'arn:aws:iam::000000000000:role/machine'
const echo = definitionOf({ A: { Type: 'Succeed' } })
const calls = definitionOf({
  A: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: 'f' }, End: true },
})
const twoChildren = definitionOf({
  Each: {
    Type: 'Map',
    Label: 'Each',
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig: { InputType: 'JSON' },
      Arguments: { Bucket: 'b', Key: 'k' },
    },
    ToleratedFailurePercentage: 100,
    MaxConcurrency: 5,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Child',
      States: {
        Child: { Type: 'Choice', Choices: [{ Condition: '{% $states.input = 1 %}', Next: 'Good' }], Default: 'Bad' },
        Good: { Type: 'Succeed' },
        Bad: { Type: 'Fail', Error: 'Bad', Cause: 'not one' },
      },
    },
    Output: {},
    End: true,
  },
})
const hanging = { invokeLambda: () => new Promise<never>(() => undefined) }

let server: Server
let client: SFNClient
let at: World

async function serve(ports: Partial<StepFunctionsPorts> = {}): Promise<void> {
  at = world(ports)
  server = createServer(async (request, response) => {
    const body = await json(request)
    const answer = await at.api(String(request.headers['x-amz-target']), body)
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = new SFNClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
}

async function unserve(): Promise<void> {
  await at.engine.close()
  client.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const create = async (definition: string, name = 'machine') =>
  (await client.send(new CreateStateMachineCommand({ name, definition, roleArn }))).stateMachineArn as string
const start = async (stateMachineArn: string, name?: string, input = '{}') =>
  (await client.send(new StartExecutionCommand({ stateMachineArn, input, ...(name && { name }) })))
    .executionArn as string
const describeExecution = (executionArn: string) => client.send(new DescribeExecutionCommand({ executionArn }))
const ended = async (executionArn: string) => {
  await at.engine.ended(executionArn)
  return describeExecution(executionArn)
}
const fails = (promise: Promise<unknown>, name: string) => expect(promise).rejects.toMatchObject({ name })

describe('state machines', () => {
  beforeEach(() => serve())
  afterEach(unserve)

  it('are created once, read back as given, listed, updated and deleted', async () => {
    const loggingConfiguration = { level: 'ALL' as const, includeExecutionData: false }
    const given = { name: 'machine', definition: echo, roleArn, loggingConfiguration }
    const created = await client.send(new CreateStateMachineCommand(given))
    expect(created.creationDate?.getTime()).toBe(at.clock.now())
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:machine'
    expect(created.stateMachineArn).toBe(stateMachineArn)
    expect(await client.send(new CreateStateMachineCommand(given))).toMatchObject({ stateMachineArn })
    await fails(
      client.send(new CreateStateMachineCommand({ ...given, definition: calls })),
      'StateMachineAlreadyExists',
    )
    expect(await client.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
      ...given,
      status: 'ACTIVE',
      type: 'STANDARD',
    })
    await client.send(new UpdateStateMachineCommand({ stateMachineArn, definition: calls }))
    expect(await client.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
      definition: calls,
      loggingConfiguration,
    })
    expect((await client.send(new ListStateMachinesCommand({}))).stateMachines).toMatchObject([
      { name: 'machine', stateMachineArn },
    ])
    await client.send(new DeleteStateMachineCommand({ stateMachineArn }))
    await fails(client.send(new DescribeStateMachineCommand({ stateMachineArn })), 'StateMachineDoesNotExist')
    await client.send(new DeleteStateMachineCommand({ stateMachineArn }))
  })

  it('are refused with the names that the service has for it', async () => {
    await fails(create('{"StartAt":"A"}'), 'InvalidDefinition')
    await fails(create(echo, 'a:b'), 'InvalidName')
    await fails(
      client.send(new CreateStateMachineCommand({ name: 'm', definition: echo, roleArn, type: 'EXPRESS' })),
      'StateMachineTypeNotSupported',
    )
    const stateMachineArn = await create(echo)
    await fails(client.send(new UpdateStateMachineCommand({ stateMachineArn })), 'MissingRequiredParameter')
    await fails(client.send(new UpdateStateMachineCommand({ stateMachineArn, definition: '{}' })), 'InvalidDefinition')
  })
})

describe('executions', () => {
  afterEach(unserve)

  it('run to their end and are described with input, output and times', async () => {
    await serve()
    const stateMachineArn = await create(echo)
    const executionArn = await start(stateMachineArn, 'tuesday', '{"a":1}')
    expect(executionArn).toBe('arn:aws:states:us-east-1:000000000000:execution:machine:tuesday')
    expect(await ended(executionArn)).toMatchObject({
      executionArn,
      stateMachineArn,
      name: 'tuesday',
      status: 'SUCCEEDED',
      input: '{"a":1}',
      output: '{"a":1}',
      startDate: new Date(at.clock.now()),
      stopDate: new Date(at.clock.now()),
      redriveCount: 0,
    })
  })

  it('StartExecution is idempotent for the same name and input while it runs, and not after', async () => {
    await serve(hanging)
    const machine = await create(calls)
    const first = await start(machine, 'x', '{"a":1}')
    expect(await start(machine, 'x', '{"a":1}')).toBe(first)
    await fails(start(machine, 'x', '{"a":2}'), 'ExecutionAlreadyExists')
    await client.send(new StopExecutionCommand({ executionArn: first }))
    await fails(start(machine, 'x', '{"a":1}'), 'ExecutionAlreadyExists')
    expect(at.engine.store.executions.size).toBe(1)
  })

  it('a name is free again 90 days after its execution ended', async () => {
    await serve()
    const machine = await create(echo)
    await ended(await start(machine, 'x', '{"n":1}'))
    const day = 24 * 60 * 60 * 1000
    await at.clock.sleep(90 * day - 1, new AbortController().signal)
    await fails(start(machine, 'x', '{"n":1}'), 'ExecutionAlreadyExists')
    await at.clock.sleep(1, new AbortController().signal)
    const again = await ended(await start(machine, 'x', '{"n":2}'))
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: '{"n":2}' })
    const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn: again.executionArn }))
    expect(events?.filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(1)
  })

  it('a stopped one is ABORTED with the error and cause given; stopping again changes nothing', async () => {
    await serve(hanging)
    const executionArn = await start(await create(calls))
    const stopped = await client.send(new StopExecutionCommand({ executionArn, error: 'Operator', cause: 'enough' }))
    expect(stopped.stopDate).toBeInstanceOf(Date)
    await client.send(new StopExecutionCommand({ executionArn, error: 'Other' }))
    expect(await describeExecution(executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Operator',
      cause: 'enough',
    })
  })

  it('what does not exist or is not allowed has the name that the service gives it', async () => {
    await serve()
    const machine = await create(echo)
    await fails(start(`${machine}x`), 'StateMachineDoesNotExist')
    await fails(start(machine, 'a b'), 'InvalidName')
    await fails(start(machine, 'x'.repeat(81)), 'InvalidName')
    await fails(start(machine, 'x', '{'), 'InvalidExecutionInput')
    await fails(start(machine, 'x', JSON.stringify('x'.repeat(262_144))), 'ValidationException')
    await fails(describeExecution(`${machine}:x`), 'ExecutionDoesNotExist')
    await fails(client.send(new StopExecutionCommand({ executionArn: 'arn:x' })), 'ExecutionDoesNotExist')
    await fails(client.send(new GetExecutionHistoryCommand({ executionArn: 'arn:x' })), 'ExecutionDoesNotExist')
    await fails(client.send(new DescribeMapRunCommand({ mapRunArn: 'arn:x' })), 'ResourceNotFound')
    await fails(client.send(new ListExecutionsCommand({})), 'ValidationException')
    expect(await at.api('AWSStepFunctions.RedriveExecution', {})).toMatchObject({
      status: 400,
      body: { __type: 'UnknownOperationException' },
    })
    expect(await at.api('AWSStepFunctions.StartExecution', [])).toMatchObject({
      body: { __type: 'SerializationException' },
    })
    expect(await at.api('AWSStepFunctions.constructor', {})).toMatchObject({
      body: { __type: 'UnknownOperationException' },
    })
  })

  it('are listed newest first, by status and in pages', async () => {
    await serve(hanging)
    const [quick, slow] = [await create(echo, 'quick'), await create(calls, 'slow')]
    for (const name of ['a', 'b', 'c']) {
      await ended(await start(quick, name))
      await at.clock.sleep(1_000, new AbortController().signal)
    }
    await start(slow, 'd')
    const names = async (input: ListExecutionsCommandInput) =>
      (await client.send(new ListExecutionsCommand(input))).executions?.map(({ name }) => name)
    expect(await names({ stateMachineArn: quick })).toEqual(['c', 'b', 'a'])
    expect(await names({ stateMachineArn: quick, statusFilter: 'RUNNING' })).toEqual([])
    expect(await names({ stateMachineArn: slow, statusFilter: 'RUNNING' })).toEqual(['d'])
    const first = await client.send(new ListExecutionsCommand({ stateMachineArn: quick, maxResults: 2 }))
    expect(first.executions).toHaveLength(2)
    expect(await names({ stateMachineArn: quick, maxResults: 2, nextToken: String(first.nextToken) })).toEqual(['a'])
    await fails(names({ stateMachineArn: quick, nextToken: 'zzz' }), 'InvalidToken')
  })
})

describe('history and map runs', () => {
  afterEach(unserve)
  const typesOf = async (executionArn: string) =>
    (await client.send(new GetExecutionHistoryCommand({ executionArn }))).events?.map(({ type }) => type)

  it('a history has the events of the States Language in order, with their details', async () => {
    await serve({ invokeLambda: async () => ok({ b: 2 }) })
    const executionArn = await start(await create(calls), 'x', '{"a":1}')
    await ended(executionArn)
    const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }))
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
    expect(events.map(({ id, previousEventId }) => [previousEventId, id])).toEqual(
      events.map((_, index) => [index, index + 1]),
    )
    expect(events[1]).toMatchObject({
      timestamp: new Date(at.clock.now()),
      stateEnteredEventDetails: { name: 'A', input: '{"a":1}' },
    })
    expect(events[2]?.taskScheduledEventDetails).toMatchObject({
      resourceType: 'lambda',
      resource: 'invoke',
      parameters: '{"FunctionName":"f"}',
    })
    const newest = await client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }),
    )
    expect(newest.events).toMatchObject([
      { type: 'ExecutionSucceeded', executionSucceededEventDetails: { output: expect.stringContaining('"b":2') } },
    ])
    expect(newest.nextToken).toBeDefined()
  })

  it('a map run counts its children, each of which is an execution with a history', async () => {
    await serve({ readObject: async () => '[1,2,3]' })
    const executionArn = await start(await create(twoChildren))
    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED' })
    expect(await typesOf(executionArn)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ])
    const { mapRuns } = await client.send(new ListMapRunsCommand({ executionArn }))
    expect(mapRuns).toHaveLength(1)
    const mapRunArn = mapRuns?.[0]?.mapRunArn as string
    expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
      executionArn,
      status: 'SUCCEEDED',
      maxConcurrency: 5,
      toleratedFailurePercentage: 100,
      itemCounts: { total: 3, succeeded: 1, failed: 2, pending: 0, running: 0, aborted: 0 },
    })
    const failed = await client.send(new ListExecutionsCommand({ mapRunArn, statusFilter: 'FAILED' }))
    expect(failed.executions).toHaveLength(2)
    const child = failed.executions?.[0]?.executionArn as string
    expect(await describeExecution(child)).toMatchObject({
      status: 'FAILED',
      error: 'Bad',
      cause: 'not one',
      mapRunArn,
    })
    expect(await typesOf(child)).toEqual([
      'ExecutionStarted',
      'ChoiceStateEntered',
      'ChoiceStateExited',
      'FailStateEntered',
      'ExecutionFailed',
    ])
    const own = await client.send(new ListExecutionsCommand({ stateMachineArn: mapRuns?.[0]?.stateMachineArn }))
    expect(own.executions).toHaveLength(1)
  })
})

describe('with a data directory', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'step-functions-'))
  })
  afterEach(async () => {
    await unserve()
    rmSync(folder, { recursive: true })
  })

  it('everything is there after a restart; what was running goes on when it is resumed', async () => {
    const path = join(folder, 'deep', 'journal.jsonl')
    await serve({ ...hanging, readObject: async () => '[1,2]', journal: fileJournal(path) })
    const done = await start(await create(twoChildren, 'mapper'))
    const before = await ended(done)
    const running = await start(await create(calls, 'caller'), 'x')
    await expect.poll(() => at.engine.store.events(running).at(-1)?.type).toBe('TaskStarted')
    const mapRunArn = (await client.send(new ListMapRunsCommand({ executionArn: done }))).mapRuns?.[0]
      ?.mapRunArn as string
    await unserve()

    await serve({ journal: fileJournal(path) })
    const { $metadata: _, ...same } = before
    expect(await describeExecution(done)).toMatchObject(same)
    expect((await client.send(new DescribeMapRunCommand({ mapRunArn }))).itemCounts).toMatchObject({
      succeeded: 1,
      failed: 1,
    })
    expect(await describeExecution(running)).toMatchObject({ status: 'RUNNING' })
    expect(at.engine.resume()).toBe(1)
    expect(await ended(running)).toMatchObject({ status: 'FAILED', cause: expect.stringContaining('TG5012') })
    const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn: running }))
    expect(events?.map(({ type }) => type).slice(-3)).toEqual(['TaskStarted', 'TaskFailed', 'ExecutionFailed'])
    expect(events?.at(-1)).toMatchObject({ id: events?.length })
    await fails(
      start(running.replace(':execution:', ':stateMachine:').replace(/:x$/, ''), 'x'),
      'ExecutionAlreadyExists',
    )
  })

  it('what was acknowledged is on disk at once, whatever ends the process', async () => {
    const path = join(folder, 'journal.jsonl')
    await serve({ ...hanging, journal: fileJournal(path) })
    const arn = await start(await create(calls), 'x')
    const survivor = world({ journal: fileJournal(path) }).engine.store
    expect([...survivor.machines.values()].map(({ name }) => name)).toEqual(['machine'])
    expect(survivor.executions.get(arn)).toMatchObject({ name: 'x', status: 'RUNNING' })
  })

  it('a line that a crash cut short is dropped, and what is written next is whole', async () => {
    const path = join(folder, 'journal.jsonl')
    await serve({ journal: fileJournal(path) })
    await create(echo)
    await unserve()
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"kind":"machine","rec`)
    await serve({ journal: fileJournal(path) })
    await ended(await start('arn:aws:states:us-east-1:000000000000:stateMachine:machine', 'x'))
    await unserve()
    await serve({ journal: fileJournal(path) })
    expect(at.engine.store.executions.size).toBe(1)
  })
})
