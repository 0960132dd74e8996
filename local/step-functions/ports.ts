/** What the interpreter needs from outside: functions, jobs, objects, time, chance and a place to remember. */
import type { Clock } from '../../shared/ports/clock.ts'
import type { Journal } from './journal.ts'
import type { Json } from './json.ts'

export type { Json }

export interface SleepingClock extends Clock {
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface LambdaReply {
  statusCode: number
  executedVersion?: string
  /** The parsed response; of a failed function `{errorType, errorMessage, …}`. */
  payload: Json
  /** As in the `X-Amz-Function-Error` header: set when the function itself failed. */
  functionError?: string
}

/** A job run as `GetJobRun` gives it; times as epoch milliseconds, as Step Functions shows them. */
export type JobRun = { Id: string; JobRunState: string } & { [key: string]: Json }

/** Calls throw the service's own exception, with its AWS name in `name`, or anything else when nobody answered. */
export interface StepFunctionsPorts {
  clock: SleepingClock
  /** In [0, 1). */
  random(): number
  uuid(): string
  invokeLambda(functionName: string, payload: Json, signal: AbortSignal): Promise<LambdaReply>
  startJobRun(request: { [key: string]: Json }): Promise<string>
  getJobRun(jobName: string, runId: string): Promise<JobRun>
  stopJobRun(jobName: string, runId: string): Promise<void>
  /** The object's text. */
  readObject(bucket: string, key: string): Promise<string>
  journal: Journal
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's clock. Sleeps longer than a timer can hold are slept in pieces. */
export const systemClock: SleepingClock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0; left -= LONGEST_TIMER_MS) await timer(Math.min(left, LONGEST_TIMER_MS), signal)
  },
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(id)
      reject(signal.reason)
    }
    const id = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** The promise, or the signal's reason if that comes first. The work itself is not stopped. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
