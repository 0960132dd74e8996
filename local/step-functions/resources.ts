/** The two services that the shipped machine calls: a Lambda function, and a Glue job until it ended. */
import type { TaskResource } from './definition.ts'
import { CloudClosing, StateError } from './errors.ts'
import type { JobRun, Json } from './ports.ts'
import type { Run } from './visit.ts'

type Parameters = { [key: string]: Json }

/** `jobRunId` is a run that was started already: it is only waited for. */
export function callResource(
  resource: TaskResource,
  parameters: Parameters,
  run: Run,
  signal: AbortSignal,
  jobRunId: string | undefined,
): Promise<Json> {
  return resource === 'lambda:invoke'
    ? invokeLambda(parameters, run, signal)
    : startJobRunAndWait(parameters, run, signal, jobRunId)
}

/** A failed function's error type is the error's name; its whole payload is the cause. */
async function invokeLambda(parameters: Parameters, run: Run, signal: AbortSignal): Promise<Json> {
  const reply = await run.ports
    .invokeLambda(String(parameters.FunctionName), parameters.Payload ?? {}, signal)
    .catch((error: unknown) => Promise.reject(serviceError('Lambda', error)))
  if (reply.functionError !== undefined)
    throw new StateError(errorTypeOf(reply.payload) ?? 'Lambda.Unknown', JSON.stringify(reply.payload))
  return {
    ExecutedVersion: reply.executedVersion ?? '$LATEST',
    Payload: reply.payload,
    StatusCode: reply.statusCode,
  }
}

function errorTypeOf(payload: Json): string | undefined {
  const type =
    typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload.errorType : undefined
  return typeof type === 'string' && type !== '' ? type : undefined
}

const UNDER_WAY = new Set(['STARTING', 'RUNNING', 'STOPPING', 'WAITING'])
/** A lost poll says nothing about the job: only so many in a row are an error. */
const LOST_POLLS = 5

/** The job run that succeeded. Any other end, or a state that is not known, is `States.TaskFailed` with the run as cause. */
async function startJobRunAndWait(
  parameters: Parameters,
  run: Run,
  signal: AbortSignal,
  known: string | undefined,
): Promise<Json> {
  const named = { resourceType: 'glue', resource: 'startJobRun.sync' }
  const jobName = String(parameters.JobName)
  const starting = known === undefined ? run.ports.startJobRun(parameters) : Promise.resolve(known)
  // AWS makes a best effort to stop the job of a task that was stopped or timed out.
  const stop = () => {
    if (signal.reason instanceof CloudClosing) return
    starting.then((id) => run.ports.stopJobRun(jobName, id)).catch(() => undefined)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const runId = await starting.catch((error: unknown) => {
      const failed = serviceError('Glue', error)
      if (!signal.aborted)
        run.history.add('TaskSubmitFailed', { ...named, error: failed.errorName, cause: failed.causeText })
      throw failed
    })
    signal.throwIfAborted()
    if (known === undefined) run.history.add('TaskSubmitted', { ...named, output: JSON.stringify({ JobRunId: runId }) })
    return await untilEnded(jobName, runId, run, signal)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function untilEnded(jobName: string, runId: string, run: Run, signal: AbortSignal): Promise<JobRun> {
  for (let lost = 0; ; await run.ports.clock.sleep(run.pollMs, signal)) {
    let job: JobRun
    try {
      job = await run.ports.getJobRun(jobName, runId)
      lost = 0
    } catch (error) {
      lost += 1
      if (lost > LOST_POLLS) throw serviceError('Glue', error)
      continue
    }
    if (job.JobRunState === 'SUCCEEDED') return job
    if (!UNDER_WAY.has(job.JobRunState)) throw new StateError('States.TaskFailed', JSON.stringify(job))
  }
}

/** `Glue.ThrottlingException`; `Lambda.SdkClientException` when no service answered. */
function serviceError(service: string, thrown: unknown): StateError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = /^[A-Za-z]+Exception$/.test(error.name) ? error.name : 'SdkClientException'
  return new StateError(
    `${service}.${code}`,
    `${error.message} (Service: ${service}; Status Code: ${statusOf(error) ?? 'none'}; Error Code: ${error.name})`,
  )
}

/** The HTTP status where the SDK keeps it, or where our own engines do. */
function statusOf(error: Error & { $metadata?: { httpStatusCode?: number }; status?: unknown }): unknown {
  return error.$metadata?.httpStatusCode ?? error.status
}
