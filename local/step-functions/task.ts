/** The Task state: one attempt with its time-out, and what Retry and Catch make of an error. */
import type { Retrier, TaskState } from './definition.ts'
import { StateError, withinLimit } from './errors.ts'
import { abortable, type Json } from './ports.ts'
import { callResource } from './resources.ts'
import { matches, retryDelayMs } from './retry.ts'
import { renderCount, renderObject } from './template.ts'
import { assignAll, outputOr, type Run, scopeOf, type Transition, type Visit } from './visit.ts'

const INTERRUPTED =
  'TG5012: the local cloud ended while this function was called. Whether it did its work is not known.'

export async function runTask(state: TaskState, visit: Visit, run: Run): Promise<Transition> {
  const retries = new Map<Retrier, number>()
  for (let retryCount = 0; ; retryCount += 1) {
    const now = { ...visit, retryCount }
    try {
      return await attempt(state, retryCount === 0 ? now : { ...now, resumed: undefined }, run)
    } catch (error) {
      if (!(error instanceof StateError)) throw error
      const retrier = state.retry.find((candidate) => matches(candidate.errorEquals, error))
      const used = retrier ? (retries.get(retrier) ?? 0) : 0
      if (!retrier || used >= retrier.maxAttempts) return caught(state, now, run, error)
      retries.set(retrier, used + 1)
      await run.ports.clock.sleep(retryDelayMs(retrier, used, run.ports.random), run.signal)
    }
  }
}

async function attempt(state: TaskState, visit: Visit, run: Run): Promise<Transition> {
  const { resumed } = visit
  if (resumed?.at === 'error') throw resumed.error
  const result = resumed?.at === 'result' ? resumed.result : await resultOf(state, visit, run)
  const after = scopeOf(run, visit, { result })
  return {
    next: state.next,
    output: await outputOr(state.output, result, after),
    assigned: await assignAll(state.assign, after),
  }
}

/** A job run that was submitted is followed further; its time-out begins anew. */
async function resultOf(state: TaskState, visit: Visit, run: Run): Promise<Json> {
  const scope = scopeOf(run, visit)
  const parameters = await renderObject(state.arguments, scope)
  const parametersText = withinLimit(parameters, `arguments of the state \`${state.name}\``)
  const timeoutSeconds = state.timeoutSeconds ? await renderCount(state.timeoutSeconds, scope) : undefined
  const [resourceType, resource] = state.resource.split(':') as [string, string]
  const named = { resourceType, resource }
  const { resumed } = visit
  const jobRunId = resumed?.at === 'jobRun' ? resumed.id : undefined
  if (jobRunId === undefined && resumed?.at !== 'call') {
    run.history.add('TaskScheduled', {
      ...named,
      region: run.region,
      parameters: parametersText,
      ...(timeoutSeconds !== undefined && { timeoutInSeconds: timeoutSeconds }),
    })
    run.history.add('TaskStarted', named)
  }
  try {
    // The machine's own Retry says whether the function may be called again.
    if (resumed?.at === 'call') throw new StateError('Lambda.SdkClientException', INTERRUPTED)
    const result = await within(timeoutSeconds, run, (signal) =>
      callResource(state.resource, parameters, run, signal, jobRunId),
    )
    const output = withinLimit(result, `result of the state \`${state.name}\``)
    run.history.add('TaskSucceeded', { ...named, output })
    return result
  } catch (error) {
    if (error instanceof StateError) {
      const type = error.errorName === 'States.Timeout' ? 'TaskTimedOut' : 'TaskFailed'
      run.history.add(type, { ...named, error: error.errorName, cause: error.causeText })
    }
    throw error
  }
}

/** An error that no catcher takes goes on. An error inside the catcher's own expressions does too. */
async function caught(state: TaskState, visit: Visit, run: Run, error: StateError): Promise<Transition> {
  const catcher = state.catch.find((candidate) => matches(candidate.errorEquals, error))
  if (!catcher) throw error
  const errorOutput = { Error: error.errorName, Cause: error.causeText }
  const scope = scopeOf(run, visit, { errorOutput })
  return {
    next: catcher.next,
    output: await outputOr(catcher.output, errorOutput, scope),
    assigned: await assignAll(catcher.assign, scope),
  }
}

/** Runs `work` for at most `seconds`: then its signal aborts and `States.Timeout` is thrown. */
async function within<T>(seconds: number | undefined, run: Run, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (seconds === undefined) return abortable(work(run.signal), run.signal)
  const late = new AbortController()
  const done = new AbortController()
  const signal = AbortSignal.any([run.signal, late.signal])
  run.ports.clock.sleep(seconds * 1000, AbortSignal.any([run.signal, done.signal])).then(
    () => late.abort(new StateError('States.Timeout', `The task did not end within ${seconds} seconds.`)),
    () => undefined, // it ended, or the execution was stopped
  )
  try {
    return await abortable(work(signal), signal)
  } finally {
    done.abort()
  }
}
