/** The local cloud ends in the middle of an execution, at every place where it can, and the execution goes on at the next start. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JournalEntry } from '../../../../local/step-functions/journal.ts'
import type { Json, StepFunctionsPorts } from '../../../../local/step-functions/ports.ts'
import type { ExecutionRecord } from '../../../../local/step-functions/records.ts'
import { definitionOf, deploy, functionFailed, ok, START_MS, type World, world } from './world.ts'

type Payload = { [key: string]: Json }

/** A journal that ends after `limit` entries, as if the process had been killed there. */
function memoryJournal(entries: JournalEntry[] = []) {
  return {
    entries,
    read: () => [...entries],
    append: (entry: JournalEntry) => void entries.push(structuredClone(entry)),
  }
}
const settled = async (at: World): Promise<ExecutionRecord[]> => {
  const own = [...at.engine.store.executions.values()].filter(({ mapRunArn }) => mapRunArn === undefined)
  await Promise.all(own.map(({ arn }) => at.engine.ended(arn)))
  return [...at.engine.store.executions.values()]
}

/** A world that goes on from a journal. */
function restarted(entries: JournalEntry[], ports: Partial<StepFunctionsPorts>): World {
  const at = world({ ...ports, journal: memoryJournal(structuredClone(entries)) })
  at.engine.resume()
  return at
}

/** Starts the machine and gives its journal and ARN; `until` says when the local cloud ends. */
async function interrupted(states: object, ports: Partial<StepFunctionsPorts>, until: () => boolean, input: Json = {}) {
  const journal = memoryJournal()
  const at = world({ ...ports, journal })
  const definition = definitionOf(states as { [name: string]: unknown })
  const { arn } = at.engine.start(deploy(at.engine, definition), 'x', JSON.stringify(input))
  await expect.poll(until).toBe(true)
  await at.engine.close()
  return { arn, entries: journal.entries }
}

describe('the shipped machine', () => {
  const definition = readFileSync('state-machines/file-processor.asl.json', 'utf8').replace(/\$\{(\w+)\}/g, '$1')
  const manifest = [1, 2].map((batch) => ({ batch, tables: [`t_${batch}`] }))

  /** Functions that only remember; job runs that succeed at the second look, and that a crash ends. */
  function services() {
    const calls: { name: string; payload: Payload }[] = []
    const jobs = new Map<string, { state: string; looks: number }>()
    const ports: Partial<StepFunctionsPorts> = {
      readObject: async () => JSON.stringify(manifest),
      invokeLambda: async (name, raw) => {
        const payload = raw as Payload
        calls.push({ name, payload })
        const answers: { [name: string]: Json } = {
          BatchManagerFunctionArn: { bucket: 'control', key: 'manifest.json', batches: 2, max_concurrency: 2 },
          ClaimBatchFunctionArn: {
            plan_uri: `plan-${payload.batch}`,
            run_id: `x-${payload.batch}-0`,
            claimed: 1,
            job: { name: 'upsert', worker_type: 'G.1X', max_workers: 2 },
          },
          SettleBatchFunctionArn: {},
          SummariseRunFunctionArn: {
            tables: 2,
            completed: 2,
            skipped: 0,
            failed: 0,
            failed_tables: [],
            summary_uri: 's3://control/summary.json',
          },
        }
        return ok(answers[name] as Json)
      },
      startJobRun: async () => {
        const id = `jr_${jobs.size}`
        jobs.set(id, { state: 'RUNNING', looks: 0 })
        return id
      },
      getJobRun: async (_name, id) => {
        const job = jobs.get(id)
        if (!job) throw new Error(`no job run ${id}`)
        job.looks += 1
        if (job.looks > 1 && job.state === 'RUNNING') job.state = 'SUCCEEDED'
        return { Id: id, JobRunState: job.state }
      },
      stopJobRun: async () => undefined,
    }
    const crash = () => {
      for (const job of jobs.values()) if (job.state === 'RUNNING') job.state = 'ERROR'
    }
    const called = (name: string) => calls.filter((call) => call.name === name).map(({ payload }) => payload)
    return { ports, crash, called }
  }

  async function wholeRun(): Promise<JournalEntry[]> {
    const journal = memoryJournal()
    const at = world({ ...services().ports, journal }, { pollMs: 1_000 })
    const { arn } = at.engine.start(deploy(at.engine, definition), 'x', '{"refresh_cadence":"10_min_refresh"}')
    await at.engine.ended(arn)
    return journal.entries
  }

  it('ends as if nothing had been, wherever it was interrupted', async () => {
    const whole = await wholeRun()
    expect(whole.at(-1)).toMatchObject({ kind: 'execution', record: { status: 'SUCCEEDED' } })
    for (let kept = 2; kept < whole.length; kept += 1) {
      const entries = whole.slice(0, kept)
      const again = services()
      const submitted = entries.filter((entry) => entry.kind === 'event' && entry.event.type === 'TaskSubmitted')
      for (const _ of submitted) await again.ports.startJobRun?.({})
      again.crash()
      const at = restarted(entries, again.ports)
      const executions = await settled(at)
      const where = `after ${kept} entries, the last one ${JSON.stringify(entries.at(-1)).slice(0, 200)}`
      expect(
        executions.map(({ status }) => status),
        where,
      ).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'])
      for (const { arn } of executions) {
        const events = at.engine.store.events(arn)
        expect(
          events.map(({ id }) => id),
          where,
        ).toEqual(events.map((_, index) => index + 1))
        const bounds = events.filter(({ type }) => /^Execution(Started|Succeeded)$/.test(type))
        // A crash just before the record says so ends the execution a second time.
        expect(new Set(bounds.map(({ type }) => type)).size, where).toBe(2)
        expect(
          bounds.filter(({ type }) => type === 'ExecutionStarted'),
          where,
        ).toHaveLength(1)
      }
      for (const { job } of again.called('SettleBatchFunctionArn'))
        expect(job, where).toMatchObject({ started: 'yes', state: expect.stringMatching(/^(SUCCEEDED|ERROR)$/) })
      expect(
        [...at.engine.store.mapRuns.values()].map(({ status }) => status),
        where,
      ).toEqual(['SUCCEEDED'])
    }
  })
})

describe('a state that was interrupted', () => {
  const invoke = (more: object = {}) => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: 'f', Payload: { v: '{% $v %}' } },
    End: true,
    ...more,
  })
  const assign = (Next: string) => ({ Type: 'Pass', Assign: { v: [1, 'é'] }, Next })
  const retry = { Retry: [{ ErrorEquals: ['Lambda.SdkClientException'], MaxAttempts: 1 }] }

  const hanging = (calls: Json[]): Partial<StepFunctionsPorts> => ({
    invokeLambda: (_name, payload) => {
      calls.push(payload)
      return new Promise<never>(() => undefined)
    },
  })

  it('calls its function again where the machine retries a lost call, with the variables of before', async () => {
    const calls: Json[] = []
    const { arn, entries } = await interrupted(
      { Begin: assign('A'), A: invoke(retry) },
      hanging(calls),
      () => calls.length === 1,
    )
    const at = restarted(entries, {
      invokeLambda: async (_name, payload) => {
        calls.push(payload)
        return ok('done')
      },
    })
    expect(await at.engine.ended(arn)).toMatchObject({ status: 'SUCCEEDED' })
    expect(calls).toEqual([{ v: [1, 'é'] }, { v: [1, 'é'] }])
    expect(at.engine.store.events(arn).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
  })

  it('fails, and says why, where the machine does not retry', async () => {
    const calls: Json[] = []
    const { arn, entries } = await interrupted(
      { Begin: assign('A'), A: invoke() },
      hanging(calls),
      () => calls.length === 1,
    )
    const ended = await restarted(entries, {}).engine.ended(arn)
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Lambda.SdkClientException' })
    expect(ended?.cause).toMatch(/^TG5012: /)
  })

  it('waits for the rest of its time only', async () => {
    const states = { A: { Type: 'Wait', Seconds: 100, End: true } }
    const arn = 'arn:aws:states:us-east-1:000000000000:execution:machine:x'
    const journal = memoryJournal()
    const first = world({ journal, clock: { now: () => START_MS - 60_000, sleep: () => new Promise(() => undefined) } })
    first.engine.start(deploy(first.engine, definitionOf(states)), 'x', '{}')
    await expect.poll(() => first.engine.store.events(arn).length).toBe(2)
    const at = restarted(journal.entries, {})
    expect(await at.engine.ended(arn)).toMatchObject({ status: 'SUCCEEDED' })
    expect(at.clock.elapsed).toBe(40_000)
  })

  it('goes on with the definition that the execution began with', async () => {
    const calls: Json[] = []
    const { arn, entries } = await interrupted(
      { Begin: assign('A'), A: invoke({ ...retry, Output: 'old' }) },
      hanging(calls),
      () => calls.length === 1,
    )
    const machine = entries.find((entry) => entry.kind === 'machine')
    if (machine?.kind !== 'machine') throw new Error('no machine')
    const other = { ...machine.record, revisionId: '2', definition: definitionOf({ B: { Type: 'Succeed' } }) }
    const at = restarted([...entries, { kind: 'machine', record: other }], { invokeLambda: async () => ok(1) })
    expect(await at.engine.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '"old"' })
  })

  it('is ABORTED with TG5011 when its definition is not known any more, and can be stopped before it goes on', async () => {
    const calls: Json[] = []
    const { arn, entries } = await interrupted(
      { Begin: assign('A'), A: invoke() },
      hanging(calls),
      () => calls.length === 1,
    )
    const without = restarted(
      entries.filter(({ kind }) => kind !== 'machine'),
      {},
    )
    expect(await without.engine.ended(arn)).toMatchObject({ status: 'ABORTED', error: 'TG5011' })
    expect(without.engine.store.events(arn).at(-1)?.type).toBe('ExecutionAborted')

    const parked = world({ journal: memoryJournal(entries) })
    expect(await parked.engine.stop(arn, 'Operator', 'enough')).toBe(true)
    expect(parked.engine.store.executions.get(arn)).toMatchObject({ status: 'ABORTED', error: 'Operator' })
    expect(parked.engine.resume()).toBe(0)
  })
})

describe('a Map that was interrupted', () => {
  const states = {
    Each: {
      Type: 'Map',
      Label: 'Each',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Arguments: { Bucket: 'b', Key: 'k' },
      },
      MaxConcurrency: 2,
      ToleratedFailurePercentage: 50,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Work',
        States: {
          Work: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
            Retry: [{ ErrorEquals: ['Lambda.SdkClientException'] }],
            End: true,
          },
        },
      },
      Output: {},
      End: true,
    },
  }
  const readObject = async () => '[1,2,3,4]'

  /** Item 1 has failed, 2 hangs, 3 hangs, 4 was never begun. */
  const half = () => {
    const calls: Json[] = []
    const invokeLambda: StepFunctionsPorts['invokeLambda'] = (_name, payload) => {
      calls.push(payload)
      return payload === 1 ? Promise.resolve(functionFailed('Bad', 'one')) : new Promise<never>(() => undefined)
    }
    return interrupted(states, { readObject, invokeLambda }, () => calls.length === 3)
  }

  it('keeps the children that ended, goes on with those at work, and begins the rest', async () => {
    const { arn, entries } = await half()
    const calls: Json[] = []
    const at = restarted(entries, {
      readObject,
      invokeLambda: async (_name, payload) => {
        calls.push(payload)
        return ok(payload)
      },
    })
    expect(await at.engine.ended(arn)).toMatchObject({ status: 'SUCCEEDED' })
    expect(calls.toSorted()).toEqual([2, 3, 4])
    const [run] = at.engine.store.mapRuns.values()
    expect(run).toMatchObject({ status: 'SUCCEEDED', items: 4 })
    const children = at.engine.store.children(run?.arn ?? '')
    expect(children.map(({ itemIndex, status }) => [itemIndex, status])).toEqual([
      [0, 'FAILED'],
      [1, 'SUCCEEDED'],
      [2, 'SUCCEEDED'],
      [3, 'SUCCEEDED'],
    ])
  })

  it('leaves nothing that runs when its items can not be read any more', async () => {
    const { arn, entries } = await half()
    const at = restarted(entries, { readObject: async () => Promise.reject(new Error('gone')) })
    expect(await at.engine.ended(arn)).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' })
    expect([...at.engine.store.mapRuns.values()].map(({ status }) => status)).toEqual(['FAILED'])
    expect([...at.engine.store.executions.values()].filter(({ status }) => status === 'RUNNING')).toEqual([])
  })
})
