import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { GlueJob } from '../../../local/glue/job.ts'
import { type JobRun, type JobRuns, openJobRuns } from '../../../local/glue/job-runs.ts'
import type { Execute, RunEnd } from '../../../local/glue/spark-run.ts'

const workDir = mkdtempSync(join(tmpdir(), 'tidegate-runs-'))
afterAll(() => rmSync(workDir, { recursive: true, force: true }))

/** Drivers that work until they are told how to end; a stopped one ends by TERM. */
function drivers() {
  const working = new Map<string, (end: RunEnd) => void>()
  const execute: Execute = (_job, run, onRunning) => {
    const done = new Promise<RunEnd>((resolve) => working.set(run.id, resolve)).finally(() => working.delete(run.id))
    queueMicrotask(onRunning)
    return { done, stop: () => working.get(run.id)?.({ exitCode: 143 }) }
  }
  const end = async (run: JobRun, exitCode: number) => {
    working.get(run.id)?.({ exitCode })
    await settled()
  }
  return { execute, working, end }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const job = (changes: Partial<GlueJob> = {}): GlueJob => ({
  name: 'job',
  scriptLocation: 's3://b/main.py',
  defaultArguments: {},
  maxConcurrentRuns: 100,
  queuingEnabled: true,
  timeoutMinutes: 60,
  workerType: undefined,
  numberOfWorkers: undefined,
  ...changes,
})
const states = (runs: JobRuns, name = 'job') =>
  runs
    .list(name)
    .reverse()
    .map(({ state }) => state)

test('as many work as there are places; the others wait and start in their order', async () => {
  const { execute, working, end } = drivers()
  const runs = openJobRuns({ execute, maxJobs: 2, workDir })
  const started = [1, 2, 3, 4].map(() => runs.start(job(), {}))
  await settled()
  expect(states(runs)).toEqual(['RUNNING', 'RUNNING', 'WAITING', 'WAITING'])
  await end(started[1] as JobRun, 0)
  expect(states(runs)).toEqual(['RUNNING', 'SUCCEEDED', 'RUNNING', 'WAITING'])
  await end(started[0] as JobRun, 3)
  expect(states(runs)).toEqual(['FAILED', 'SUCCEEDED', 'RUNNING', 'RUNNING'])
  expect(working.size).toBe(2)
  await runs.close()
  expect(states(runs)).toEqual(['FAILED', 'SUCCEEDED', 'STOPPED', 'STOPPED'])
})

test('one job at its limit does not hold the place from another', async () => {
  const { execute } = drivers()
  const runs = openJobRuns({ execute, maxJobs: 2, workDir })
  runs.start(job({ maxConcurrentRuns: 1 }), {})
  runs.start(job({ maxConcurrentRuns: 1 }), {})
  runs.start(job({ name: 'other' }), {})
  await settled()
  expect(states(runs)).toEqual(['RUNNING', 'STARTING'])
  expect(states(runs, 'other')).toEqual(['RUNNING'])
  await runs.close()
})

test('without queuing a run over the limit is refused, and leaves no trace', async () => {
  const { execute, end } = drivers()
  const runs = openJobRuns({ execute, maxJobs: 5, workDir })
  const first = runs.start(job({ queuingEnabled: false, maxConcurrentRuns: 1 }), {})
  const again = () => runs.start(job({ queuingEnabled: false, maxConcurrentRuns: 1 }), {})
  expect(again).toThrow(expect.objectContaining({ name: 'ConcurrentRunsExceededException' }))
  expect(runs.list('job')).toHaveLength(1)
  await settled()
  await end(first, 0)
  expect(again().state).toBe('STARTING')
  await runs.close()
})

test('a run over its time is ended and TIMEOUT, not FAILED', async () => {
  const { execute } = drivers()
  const runs = openJobRuns({ execute, maxJobs: 1, workDir, minuteMs: 5 })
  const run = runs.start(job({ timeoutMinutes: 2 }), {})
  await expect.poll(() => run.state).toBe('TIMEOUT')
  expect(run.error).toContain('`2` minutes')
  expect(run.completedOnMs).toBeDefined()
})

test('a run that is stopped while it waits never works; one that ended keeps its end', async () => {
  const { execute, working, end } = drivers()
  const runs = openJobRuns({ execute, maxJobs: 1, workDir })
  const [first, second] = [runs.start(job(), {}), runs.start(job(), {})]
  await settled()
  expect(runs.stop(second)).toBe(true)
  expect(second.state).toBe('STOPPED')
  await end(first, 0)
  expect(working.size).toBe(0)
  expect(runs.stop(first)).toBe(false)
  expect(first.state).toBe('SUCCEEDED')
})

test('a driver that succeeded before the signal reached it has succeeded', async () => {
  const { end } = drivers()
  let finish: (end: RunEnd) => void = () => undefined
  const runs = openJobRuns({
    execute: () => ({
      done: new Promise((resolve) => {
        finish = resolve
      }),
      stop: () => finish({ exitCode: 0 }),
    }),
    maxJobs: 1,
    workDir,
  })
  const run = runs.start(job(), {})
  runs.stop(run)
  await end(run, 0)
  expect(run.state).toBe('SUCCEEDED')
})
