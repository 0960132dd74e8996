/** The runs of Glue jobs: who waits, who works, how each ended. State changes only here. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDocument } from '../document-file.ts'
import { ServiceError } from '../protocol.ts'
import type { GlueJob } from './job.ts'
import type { Execute, Execution, RunEnd } from './spark-run.ts'

export type RunState =
  | 'STARTING'
  | 'RUNNING'
  | 'STOPPING'
  | 'STOPPED'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMEOUT'
  | 'ERROR'
  | 'WAITING'

export const isOver = (state: RunState): boolean => !['STARTING', 'RUNNING', 'STOPPING', 'WAITING'].includes(state)

export interface JobRun {
  id: string
  /** Grows by one a run; the order of starting, and of paging. */
  number: number
  job: GlueJob
  state: RunState
  arguments: Record<string, string>
  startedOnMs: number
  changedOnMs: number
  /** When the driver began to work; `undefined` while it waits. */
  runningSinceMs?: number
  completedOnMs?: number
  error?: string
  logFile: string
}

export interface JobRuns {
  /** Accepts a run; throws ConcurrentRunsExceededException. It works as soon as there is room. */
  start(job: GlueJob, runArguments: Record<string, string>): JobRun
  get(jobName: string, id: string): JobRun | undefined
  /** Newest first. */
  list(jobName: string): JobRun[]
  /** Begins to stop a run. False when it is over already. */
  stop(run: JobRun): boolean
  /** Stops what works, and resolves when every process has ended. Nothing starts any more. */
  close(): Promise<void>
}

export interface JobRunsOptions {
  execute: Execute
  /** Runs at work at once, over all jobs: what this machine can take. */
  maxJobs: number
  /** Each run gets a directory below; its driver's log is there. */
  workDir: string
  /** Where runs are kept between starts of the local cloud. */
  file?: string | undefined
  /** Told of every change of state. */
  report?: (message: string) => void
  /** Length of a minute in a job's time-out; tests shorten it. */
  minuteMs?: number
}

interface Working {
  execution: Execution
  /** Why we ended it, when we did. */
  endedBy?: 'stop' | 'timeout'
  timer?: NodeJS.Timeout
}

/** Opens the runs. Those that were at work when the last local cloud died are ERROR: their processes died with it. */
export function openJobRuns(options: JobRunsOptions): JobRuns {
  const document = openDocument<{ runs: JobRun[] }>(options.file, { runs: [] })
  const { runs } = document.value
  const working = new Map<string, Working>()
  let closed = false

  const become = (run: JobRun, state: RunState, changes: Partial<JobRun> = {}): void => {
    const now = Date.now()
    Object.assign(run, { state, changedOnMs: now, ...(isOver(state) ? { completedOnMs: now } : {}), ...changes })
    document.save()
    options.report?.(`job ${run.job.name} ${run.id} ${state}${run.error === undefined ? '' : `: ${run.error}`}`)
  }
  for (const run of runs) {
    if (!isOver(run.state))
      become(run, 'ERROR', { error: 'the local cloud ended while this run was not over; its process ended with it' })
  }

  const startWhatFits = (): void => {
    for (const run of runs) {
      if (closed || working.size >= options.maxJobs) return
      if (waits(run) && atWork(run.job.name) < run.job.maxConcurrentRuns) launch(run)
    }
  }
  const waits = (run: JobRun): boolean => !working.has(run.id) && (run.state === 'WAITING' || run.state === 'STARTING')
  const atWork = (jobName: string): number =>
    runs.filter((run) => run.job.name === jobName && working.has(run.id)).length

  const launch = (run: JobRun): void => {
    if (run.state === 'WAITING') become(run, 'STARTING')
    const onRunning = () => {
      if (run.state === 'STARTING') become(run, 'RUNNING', { runningSinceMs: Date.now() })
      work.timer = setTimeout(() => end(work, 'timeout'), run.job.timeoutMinutes * (options.minuteMs ?? 60_000))
    }
    const work: Working = { execution: options.execute(run.job, run, onRunning) }
    working.set(run.id, work)
    void work.execution.done.then((result) => {
      clearTimeout(work.timer)
      working.delete(run.id)
      become(run, ...outcome(run, work, result))
      startWhatFits()
    })
  }

  return {
    start(job, runArguments) {
      const open = runs.filter((run) => run.job.name === job.name && !isOver(run.state)).length
      if (open >= job.maxConcurrentRuns && !job.queuingEnabled) {
        throw new ServiceError(
          'ConcurrentRunsExceededException',
          `Concurrent runs exceeded for ${job.name}: \`${open}\` of \`${job.maxConcurrentRuns}\`. Wait for one to end.`,
        )
      }
      const id = `jr_${randomBytes(32).toString('hex')}`
      const now = Date.now()
      const workDir = join(options.workDir, id)
      mkdirSync(workDir, { recursive: true })
      const state = job.queuingEnabled && working.size >= options.maxJobs ? 'WAITING' : 'STARTING'
      const run: JobRun = {
        id,
        number: runs.length + 1,
        job,
        state,
        arguments: runArguments,
        startedOnMs: now,
        changedOnMs: now,
        logFile: join(workDir, 'driver.log'),
      }
      runs.push(run)
      document.save()
      startWhatFits()
      return run
    },
    get: (jobName, id) => runs.find((run) => run.id === id && run.job.name === jobName),
    list: (jobName) => runs.filter((run) => run.job.name === jobName).reverse(),
    stop(run) {
      if (isOver(run.state)) return false
      const work = working.get(run.id)
      if (work === undefined) become(run, 'STOPPED')
      else {
        become(run, 'STOPPING')
        end(work, 'stop')
      }
      return true
    },
    async close() {
      closed = true
      for (const work of working.values()) end(work, 'stop')
      await Promise.all([...working.values()].map((work) => work.execution.done))
      for (const run of runs) if (!isOver(run.state)) become(run, 'STOPPED', { error: 'the local cloud was stopped' })
    },
  }
}

/** The first reason counts: a run that times out while it is being stopped was stopped. */
function end(work: Working, reason: 'stop' | 'timeout'): void {
  work.endedBy ??= reason
  work.execution.stop()
}

/** The state by the true exit code; a driver that finished its work before our signal reached it has succeeded. */
function outcome(run: JobRun, work: Working, result: RunEnd): [RunState, Partial<JobRun>] {
  if (result.exitCode === 0) return ['SUCCEEDED', {}]
  if (work.endedBy === 'stop') return ['STOPPED', {}]
  if (work.endedBy === 'timeout')
    return ['TIMEOUT', { error: `Timeout: the run took longer than the job's \`${run.job.timeoutMinutes}\` minutes` }]
  return ['FAILED', { error: result.error ?? `exit code ${result.exitCode}` }]
}
