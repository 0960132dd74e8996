/** Our part of the `AWSGlue` protocol: job runs, which the emulator would only pretend, and the job settings that it drops. */
import { openDocument } from '../document-file.ts'
import type { EmulatorApi } from '../emulator/api.ts'
import { fieldsOf, type JsonAnswer, type JsonHandler, ServiceError, textField } from '../protocol.ts'
import { type GlueJob, jobFrom, textMap } from './job.ts'
import { isOver, type JobRun, type JobRuns } from './job-runs.ts'

export interface GlueFacade {
  handler: JsonHandler
  /** The same operations for our own engines. Throws ServiceError. */
  call(operation: string, input: Definition): Promise<Record<string, unknown>>
  /** True for the operations that must not reach the emulator. */
  owns(operation: string): boolean
}

/** Parts of a job's definition that MiniStack 1.5.33 drops without a word. */
const droppedByEmulator = [
  'ExecutionProperty',
  'JobRunQueuingEnabled',
  'JobMode',
  'ExecutionClass',
  'NotificationProperty',
  'LogUri',
] as const

/** What the emulator answers with a success that never happened. */
const pretended =
  /^(ResetJobBookmark|GetJobBookmark|StartTrigger|StartWorkflowRun|StartCrawler|StartBlueprintRun|CreateSession|RunStatement|Start\w+(?:Evaluation|Recommendation)\w*Run)$/

type Definition = Record<string, unknown>

/** The facade over the emulator's job definitions and our runs. `file` keeps the settings between starts. */
export function glueFacade(api: EmulatorApi, runs: JobRuns, file?: string): GlueFacade {
  const settings = openDocument<Record<string, Definition>>(file, Object.create(null))
  const remember = (name: string, definition: Definition): void => {
    settings.value[name] = Object.fromEntries(
      droppedByEmulator.flatMap((field) => (field in definition ? [[field, definition[field]]] : [])),
    )
    settings.save()
  }
  const complete = (job: Definition): Definition => ({
    ExecutionProperty: { MaxConcurrentRuns: 1 },
    ...job,
    ...settings.value[String(job.Name)],
  })
  const definitionOf = async (name: string): Promise<Definition> =>
    complete(fieldsOf((await api.json('AWSGlue', 'GetJob', { JobName: name })).Job))

  const operations: Record<string, (input: Definition) => Promise<unknown> | unknown> = {
    async CreateJob(input) {
      const answer = await api.json('AWSGlue', 'CreateJob', input)
      remember(textField(input, 'Name'), input)
      return answer
    },
    async UpdateJob(input) {
      const answer = await api.json('AWSGlue', 'UpdateJob', input)
      remember(textField(input, 'JobName'), fieldsOf(input.JobUpdate))
      return answer
    },
    async DeleteJob(input) {
      const answer = await api.json('AWSGlue', 'DeleteJob', input)
      delete settings.value[textField(input, 'JobName')]
      settings.save()
      return answer
    },
    GetJob: async (input) => ({ Job: await definitionOf(textField(input, 'JobName')) }),
    async GetJobs(input) {
      const answer = await api.json('AWSGlue', 'GetJobs', input)
      return { ...answer, Jobs: ((answer.Jobs ?? []) as Definition[]).map(complete) }
    },
    async StartJobRun(input) {
      const job = forRun(jobFrom(await definitionOf(textField(input, 'JobName'))), input)
      return { JobRunId: runs.start(job, textMap(input.Arguments)).id }
    },
    GetJobRun(input) {
      const [name, id] = [textField(input, 'JobName'), textField(input, 'RunId')]
      const run = runs.get(name, id)
      if (run === undefined)
        throw new ServiceError(
          'EntityNotFoundException',
          `Job Run not found: \`${id}\` of job \`${name}\`. List them with \`GetJobRuns\`.`,
        )
      return { JobRun: described(run) }
    },
    async GetJobRuns(input) {
      const name = textField(input, 'JobName')
      await definitionOf(name)
      return page(runs.list(name), input)
    },
    BatchStopJobRun: (input) => stopAll(runs, textField(input, 'JobName'), input.JobRunIds),
  }

  const call = async (operation: string, input: Definition): Promise<Record<string, unknown>> => {
    const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined
    if (run !== undefined) return fieldsOf(await run(input))
    throw new ServiceError(
      'InvalidInputException',
      `the local cloud does not do \`AWSGlue.${operation}\`, and would have to pretend. Try it on AWS.`,
    )
  }
  return {
    call,
    owns: (operation) => Object.hasOwn(operations, operation) || pretended.test(operation),
    handler: async (operation, body): Promise<JsonAnswer> => ({
      status: 200,
      body: await call(operation, fieldsOf(body)),
    }),
  }
}

/** What `StartJobRun` may set for one run over the job's definition. */
function forRun(job: GlueJob, input: Definition): GlueJob {
  return {
    ...job,
    ...(typeof input.Timeout === 'number' ? { timeoutMinutes: input.Timeout } : {}),
    ...(typeof input.WorkerType === 'string' ? { workerType: input.WorkerType } : {}),
    ...(typeof input.NumberOfWorkers === 'number' ? { numberOfWorkers: input.NumberOfWorkers } : {}),
    ...(typeof input.JobRunQueuingEnabled === 'boolean' ? { queuingEnabled: input.JobRunQueuingEnabled } : {}),
  }
}

/** A run as Glue shows it; times are epoch seconds. `LogGroupName` is the driver's log, here a file. */
function described(run: JobRun): Definition {
  const endMs = run.completedOnMs ?? Date.now()
  return {
    Id: run.id,
    Attempt: 0,
    JobName: run.job.name,
    StartedOn: run.startedOnMs / 1000,
    LastModifiedOn: run.changedOnMs / 1000,
    CompletedOn: run.completedOnMs === undefined ? undefined : run.completedOnMs / 1000,
    JobRunState: run.state,
    Arguments: run.arguments,
    ErrorMessage: run.error,
    PredecessorRuns: [],
    ExecutionTime: run.runningSinceMs === undefined ? 0 : Math.round((endMs - run.runningSinceMs) / 1000),
    Timeout: run.job.timeoutMinutes,
    WorkerType: run.job.workerType,
    NumberOfWorkers: run.job.numberOfWorkers,
    LogGroupName: run.logFile,
    JobRunQueuingEnabled: run.job.queuingEnabled,
    JobMode: 'SCRIPT',
  }
}

/** A page, newest first. The token is the number of the last run shown: runs that start meanwhile move nothing. */
function page(newestFirst: JobRun[], input: Definition): unknown {
  const size = Number(input.MaxResults ?? 200)
  if (!Number.isInteger(size) || size < 1 || size > 1000)
    throw new ServiceError(
      'InvalidInputException',
      `\`MaxResults\` is \`${String(input.MaxResults)}\`. Send 1 to 1000.`,
    )
  const below =
    input.NextToken === undefined || input.NextToken === '' ? Number.POSITIVE_INFINITY : Number(input.NextToken)
  if (Number.isNaN(below))
    throw new ServiceError(
      'InvalidInputException',
      `\`NextToken\` \`${String(input.NextToken)}\` is not one of ours. Begin without it.`,
    )
  const rest = newestFirst.filter((run) => run.number < below)
  const shown = rest.slice(0, size)
  return { JobRuns: shown.map(described), ...(rest.length > size ? { NextToken: String(shown.at(-1)?.number) } : {}) }
}

function stopAll(runs: JobRuns, jobName: string, ids: unknown): unknown {
  if (!Array.isArray(ids) || ids.length === 0)
    throw new ServiceError('InvalidInputException', '`JobRunIds` is required. Send one to 25 ids.')
  const SuccessfulSubmissions: unknown[] = []
  const Errors: unknown[] = []
  for (const id of ids.map(String)) {
    const run = runs.get(jobName, id)
    if (run === undefined) Errors.push(stopError(jobName, id, 'EntityNotFoundException', 'Job Run not found'))
    else if (isOver(run.state))
      Errors.push(stopError(jobName, id, 'InvalidInputException', `the run is over: ${run.state}`))
    else {
      runs.stop(run)
      SuccessfulSubmissions.push({ JobName: jobName, JobRunId: id })
    }
  }
  return { SuccessfulSubmissions, Errors }
}

const stopError = (JobName: string, JobRunId: string, ErrorCode: string, ErrorMessage: string) => ({
  JobName,
  JobRunId,
  ErrorDetail: { ErrorCode, ErrorMessage },
})
