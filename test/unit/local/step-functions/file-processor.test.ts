/** The shipped state machine, executed on functions and a job engine that only remember what they were asked. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Json, LambdaReply, StepFunctionsPorts } from '../../../../local/step-functions/ports.ts'
import {
  batchManagerInput,
  claimBatchInput,
  settleBatchInput,
  summariseRunInput,
} from '../../../../shared/contracts/runs.ts'
import { functionFailed, ok, run, serviceException, type World, world } from './world.ts'

const definition = readFileSync('state-machines/file-processor.asl.json', 'utf8').replace(/\$\{(\w+)\}/g, '$1')
const EXECUTION = 'tuesday'
const INPUT = { refresh_cadence: '10_min_refresh' }
/** Four batches; the last has one table only. */
const MANIFEST = [1, 2, 3, 4].map((batch) => ({
  batch,
  tables: batch === 4 ? ['t_4a'] : [`t_${batch}a`, `t_${batch}b`],
}))

const CONTRACTS: { [name: string]: z.ZodType } = {
  BatchManagerFunctionArn: batchManagerInput,
  ClaimBatchFunctionArn: claimBatchInput,
  SettleBatchFunctionArn: settleBatchInput,
  SummariseRunFunctionArn: summariseRunInput,
}
type Payload = { [key: string]: Json }
interface Scenario {
  batches?: number
  claimed?: (batch: number) => number
  failing?: { [functionName: string]: (payload: Payload, tries: number) => LambdaReply | Error | undefined }
  startJob?: (batch: number) => Error | undefined
  jobState?: (batch: number) => string | Error
  summary?: Payload
}

/** Fakes that hold every payload against the contracts, and keep it. */
function pipeline(scenario: Scenario = {}) {
  const seen: { [functionName: string]: Payload[] } = {}
  const jobs: Payload[] = []
  const settled = () => (seen.SettleBatchFunctionArn ?? []).toSorted((a, b) => Number(a.batch) - Number(b.batch))
  const answers: { [functionName: string]: (payload: Payload) => Json } = {
    BatchManagerFunctionArn: () => ({
      bucket: 'control',
      key: `runs/${EXECUTION}/manifest.json`,
      batches: scenario.batches ?? 4,
      max_concurrency: 2,
    }),
    ClaimBatchFunctionArn: (payload) => ({
      plan_uri: `s3://control/plan-${payload.batch}.json`,
      run_id: `${EXECUTION}-${payload.batch}-${payload.redrive_count}`,
      claimed: scenario.claimed?.(Number(payload.batch)) ?? 2,
      job: { name: 'upsert', worker_type: 'G.1X', max_workers: 10 },
    }),
    SettleBatchFunctionArn: () => ({}),
    SummariseRunFunctionArn: () => ({
      tables: 7,
      completed: 7,
      skipped: 0,
      failed: 0,
      failed_tables: [],
      summary_uri: 's3://control/summary.json',
      ...scenario.summary,
    }),
  }
  const batchOf = (plan: Json | undefined) => Number(/plan-(\d+)/.exec(String(plan))?.[1])
  const ports: Partial<StepFunctionsPorts> = {
    readObject: async (bucket, key) => {
      expect([bucket, key]).toEqual(['control', `runs/${EXECUTION}/manifest.json`])
      return JSON.stringify(MANIFEST)
    },
    invokeLambda: async (name, raw) => {
      const payload = raw as Payload
      z.strictObject((CONTRACTS[name] as z.ZodObject).shape).parse(payload)
      seen[name] ??= []
      seen[name].push(payload)
      const failure = scenario.failing?.[name]?.(payload, seen[name].length)
      if (failure instanceof Error) throw failure
      return failure ?? ok(answers[name]?.(payload) as Json)
    },
    startJobRun: async (request) => {
      jobs.push(request)
      const batch = batchOf((request.Arguments as Payload)['--plan'])
      const refused = scenario.startJob?.(batch)
      if (refused) throw refused
      return `jr_${batch}`
    },
    getJobRun: async (_name, id) => {
      const state = scenario.jobState?.(Number(id.slice(3))) ?? 'SUCCEEDED'
      if (state instanceof Error) throw state
      return { Id: id, JobRunState: state, ...(state === 'FAILED' && { ErrorMessage: 'exit code 1' }) }
    },
    stopJobRun: async () => undefined,
  }
  return { seen, jobs, settled, world: world(ports, { pollMs: 60_000 }) }
}

const runIt = (at: World) => run(at, definition, INPUT, EXECUTION)
const onBatch = (batch: number, answer: LambdaReply | Error) => (payload: Payload) =>
  payload.batch === batch ? answer : undefined

describe('a run in which everything goes well', () => {
  it('hands on which table alone it is for', async () => {
    const { seen, world } = pipeline()
    await run(world, definition, { ...INPUT, table: 'shop_a' }, EXECUTION)
    expect(seen.BatchManagerFunctionArn).toEqual([{ ...INPUT, execution_name: EXECUTION, table: 'shop_a' }])
  })

  it('claims, runs and settles every batch, and says what was done', async () => {
    const { seen, jobs, settled, world } = pipeline()
    const ended = await runIt(world)
    expect(ended).toMatchObject({ status: 'SUCCEEDED' })
    expect(JSON.parse(ended.output as string)).toEqual({
      message: '7 of 7 tables completed.',
      batches: 4,
      tables: 7,
      completed: 7,
      skipped: 0,
      failed: 0,
      summary_uri: 's3://control/summary.json',
    })
    expect(seen.BatchManagerFunctionArn).toEqual([{ ...INPUT, execution_name: EXECUTION, table: null }])
    expect(seen.ClaimBatchFunctionArn?.map(({ batch, tables }) => ({ batch, tables }))).toEqual(MANIFEST)
    for (const claim of seen.ClaimBatchFunctionArn ?? []) {
      expect(claim).toMatchObject({ execution_name: EXECUTION, refresh_cadence: '10_min_refresh', redrive_count: 0 })
      expect(world.engine.store.executions.get(String(claim.owner))).toMatchObject({ mapRunArn: expect.any(String) })
    }
    expect([...world.engine.store.mapRuns.values()]).toMatchObject([
      { status: 'SUCCEEDED', items: 4, maxConcurrency: 2 },
    ])
    expect(jobs).toHaveLength(4)
    expect(jobs[0]).toEqual({
      JobName: 'upsert',
      Arguments: { '--plan': 's3://control/plan-1.json', '--run-id': `${EXECUTION}-1-0` },
      WorkerType: 'G.1X',
      NumberOfWorkers: 10,
    })
    expect(settled()[3]).toEqual({
      execution_name: EXECUTION,
      batch: 4,
      plan_uri: 's3://control/plan-4.json',
      run_id: `${EXECUTION}-4-0`,
      job: { started: 'yes', id: 'jr_4', state: 'SUCCEEDED', error: null },
    })
    expect(seen.SummariseRunFunctionArn).toEqual([
      { execution_name: EXECUTION, bucket: 'control', key: `runs/${EXECUTION}/manifest.json`, batches: 4 },
    ])
  })

  it('defect 17: the job gets a reference and an id as plain arguments, and nothing to evaluate', async () => {
    const { jobs, world } = pipeline()
    await runIt(world)
    for (const { Arguments } of jobs) {
      expect(Object.keys(Arguments as Payload)).toEqual(['--plan', '--run-id'])
      expect((Arguments as Payload)['--plan']).toMatch(/^s3:\/\/[\w./-]+\.json$/)
      expect((Arguments as Payload)['--run-id']).toMatch(/^[\w-]+$/)
    }
  })

  it('children give nothing back, so that their results stay small', async () => {
    const { world } = pipeline()
    await runIt(world)
    const children = [...world.engine.store.executions.values()].filter(({ mapRunArn }) => mapRunArn)
    expect(children.map(({ output }) => output)).toEqual(['{}', '{}', '{}', '{}'])
  })
})

describe('nothing to do', () => {
  it('no batches: succeeds without a Map, a job or a summary', async () => {
    const { seen, jobs, world } = pipeline({ batches: 0 })
    const ended = await runIt(world)
    expect(ended.status).toBe('SUCCEEDED')
    expect(JSON.parse(ended.output as string)).toMatchObject({
      batches: 0,
      failed: 0,
      message: expect.stringContaining('`10_min_refresh`'),
    })
    expect(Object.keys(seen)).toEqual(['BatchManagerFunctionArn'])
    expect(jobs).toEqual([])
    expect(world.engine.store.mapRuns.size).toBe(0)
  })

  it('nothing claimed: starts no job and settles with `started: no`', async () => {
    const { jobs, settled, world } = pipeline({ claimed: (batch) => (batch === 2 ? 0 : 2) })
    expect(await runIt(world)).toMatchObject({ status: 'SUCCEEDED' })
    expect(jobs).toHaveLength(3)
    expect(settled()[1]).toMatchObject({ batch: 2, job: { started: 'no', id: null, state: null, error: null } })
  })
})

describe('what settle-batch is told about the job', () => {
  const told = async (scenario: Scenario) => {
    const { jobs, settled, world } = pipeline(scenario)
    await runIt(world)
    expect(jobs).toHaveLength(4) // never a second try
    expect(settled().map(({ batch }) => batch)).toEqual([1, 2, 3, 4]) // nobody stops the others
    expect(settled()[0]).toMatchObject({ job: { started: 'yes', state: 'SUCCEEDED' } })
    return settled()[2]?.job
  }
  const third =
    <T>(value: T) =>
    (batch: number) =>
      batch === 3 ? value : undefined
  const looks = (state: string | Error) => (batch: number) => (batch === 3 ? state : 'SUCCEEDED')

  it.each(['FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED'])('%s: it started, and has ended', async (state) => {
    expect(await told({ jobState: looks(state) })).toMatchObject({ started: 'yes', id: 'jr_3', state })
  })

  it('the engine’s own message goes along', async () => {
    expect(await told({ jobState: looks('FAILED') })).toMatchObject({ error: 'exit code 1' })
  })

  it.each([
    ['ConcurrentRunsExceededException', 'Concurrent runs exceeded for upsert'],
    ['ThrottlingException', 'Rate exceeded'],
    ['ResourceNumberLimitExceededException', 'Failed to start job run, number of workers exceeded'],
    ['InvalidInputException', 'Worker type is not valid'],
    ['EntityNotFoundException', 'Failed to start job run due to missing metadata'],
    ['AccessDeniedException', 'User: arn:x is not authorized to perform: glue:StartJobRun on resource: upsert'],
  ])('%s: it surely did not start', async (name, message) => {
    expect(await told({ startJob: third(serviceException(name, message)) })).toMatchObject({
      started: 'no',
      id: null,
      state: null,
      error: expect.stringContaining(message),
    })
  })

  it.each([
    [
      'nobody answered the start',
      { startJob: third(Object.assign(new Error('socket hang up'), { name: 'Error' })) },
      null,
      null,
    ],
    [
      'an internal error at the start',
      { startJob: third(serviceException('InternalServiceException', 'oh', 500)) },
      null,
      null,
    ],
    [
      'the run vanished while it was watched',
      { jobState: looks(serviceException('EntityNotFoundException', 'Job run not found')) },
      null,
      null,
    ],
    [
      'the right to look is missing',
      { jobState: looks(serviceException('AccessDeniedException', 'not authorized to perform: glue:GetJobRun')) },
      null,
      null,
    ],
    ['a state that nobody knows', { jobState: looks('A_STATE_OF_2030') }, 'jr_3', 'A_STATE_OF_2030'],
    ['it runs for more than two days', { jobState: looks('RUNNING') }, null, null],
  ])(
    '%s: it may have started',
    async (_what, scenario, id, state) => {
      expect(await told(scenario)).toMatchObject({ started: 'maybe', id, state, error: expect.any(String) })
    },
    20_000,
  )
})

describe('a function that fails', () => {
  it('claim-batch: only that child fails, nothing is settled for it, the others go on', async () => {
    const { settled, jobs, seen, world } = pipeline({
      failing: { ClaimBatchFunctionArn: onBatch(2, functionFailed('LedgerError', 'TG3001: …')) },
      summary: { failed: 2, completed: 5, failed_tables: ['t_2a', 't_2b'] },
    })
    expect(await runIt(world)).toMatchObject({ status: 'FAILED', error: 'TG5307' })
    expect(settled().map(({ batch }) => batch)).toEqual([1, 3, 4])
    expect(jobs).toHaveLength(3)
    expect(seen.SummariseRunFunctionArn).toHaveLength(1)
    const failed = [...world.engine.store.executions.values()].filter(({ error }) => error === 'LedgerError')
    expect(failed).toHaveLength(1)
  })

  it('settle-batch: its child fails, and its job is not run again', async () => {
    const { jobs, world } = pipeline({
      failing: { SettleBatchFunctionArn: onBatch(1, functionFailed('LedgerError', '')) },
      summary: { failed: 2, failed_tables: ['t_1a', 't_1b'] },
    })
    expect(await runIt(world)).toMatchObject({ status: 'FAILED', error: 'TG5307' })
    expect(jobs).toHaveLength(4)
  })

  it('every batch: the run still ends with a summary', async () => {
    const all = { ClaimBatchFunctionArn: () => functionFailed('LedgerError', '') }
    const { seen, world } = pipeline({ failing: all, summary: { failed: 7, completed: 0, failed_tables: ['t_1a'] } })
    expect(await runIt(world)).toMatchObject({ status: 'FAILED', error: 'TG5307' })
    expect(seen.SummariseRunFunctionArn).toHaveLength(1)
  })

  it('batch-manager: the execution fails with its error, which names the cadence', async () => {
    const unknown = {
      BatchManagerFunctionArn: () => functionFailed('ConfigurationError', 'TG1020: cadence `10_min_refresh`'),
    }
    expect(await runIt(pipeline({ failing: unknown }).world)).toMatchObject({
      status: 'FAILED',
      error: 'ConfigurationError',
      cause: expect.stringContaining('10_min_refresh'),
    })
  })

  it.each(['BatchManagerFunctionArn', 'ClaimBatchFunctionArn', 'SettleBatchFunctionArn', 'SummariseRunFunctionArn'])(
    '%s is tried again when Lambda was busy, not when the function failed',
    async (name) => {
      const busy = (_payload: Payload, tries: number) =>
        tries === 1 ? serviceException('TooManyRequestsException', 'Rate exceeded', 429) : undefined
      const once = pipeline({ failing: { [name]: busy } })
      expect(await runIt(once.world)).toMatchObject({ status: 'SUCCEEDED' })
      const broken = pipeline({
        failing: { [name]: (_payload, tries) => (tries === 1 ? functionFailed('Error', '') : undefined) },
      })
      await runIt(broken.world)
      const calls = (of: typeof once) => of.seen[name]?.length ?? 0
      expect(calls(once)).toBe(calls(broken) + 1)
    },
  )
})

describe('a run in which tables failed', () => {
  it('fails, naming them, their number, and where to read on', async () => {
    const { world } = pipeline({
      summary: { tables: 18, failed: 2, completed: 16, failed_tables: ['hr_salaries', 't_2a'] },
    })
    expect(await runIt(world)).toMatchObject({
      status: 'FAILED',
      error: 'TG5307',
      cause:
        '2 of 18 tables failed: `hr_salaries`, `t_2a`. Read `s3://control/summary.json` for the reason of each, or type `tidegate status TABLE`.',
    })
  })

  it('one table reads as one; more than are named end with dots', async () => {
    const one = pipeline({ summary: { failed: 1, failed_tables: ['t_2a'] } })
    expect((await runIt(one.world)).cause).toMatch(/^1 of 7 tables failed: `t_2a`\. Read/)
    const many = pipeline({ summary: { failed: 30, tables: 40, failed_tables: ['a', 'b'] } })
    expect((await runIt(many.world)).cause).toMatch(/^30 of 40 tables failed: `a`, `b`, …\. Read/)
  })
})

describe('stopping in the middle', () => {
  it('ends the execution and its children as ABORTED, and settles nothing more', async () => {
    let looks = 0
    let stopped: Promise<boolean> | undefined
    const { settled, world } = pipeline({
      jobState: () => {
        looks += 1
        const parent = [...world.engine.store.executions.values()].find(({ name }) => name === EXECUTION)
        if (looks === 5) stopped = world.engine.stop(parent?.arn as string, 'Operator', 'enough')
        return 'RUNNING'
      },
    })
    expect(await runIt(world)).toMatchObject({ status: 'ABORTED', error: 'Operator', cause: 'enough' })
    expect(await stopped).toBe(true)
    const children = [...world.engine.store.executions.values()].filter(({ mapRunArn }) => mapRunArn)
    expect(children.map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED'])
    expect(settled()).toEqual([])
  })
})
