/** The interpreter's outside world in the local cloud: functions in the emulator, jobs in our Glue facade, objects on S3. */
import { randomUUID } from 'node:crypto'
import type { EmulatorApi } from './emulator/api.ts'
import type { GlueFacade } from './glue/facade.ts'
import { type Report, watchedJournal } from './logs.ts'
import { fieldsOf, type JsonHandler } from './protocol.ts'
import { Engine } from './step-functions/engine.ts'
import { fileJournal, noJournal } from './step-functions/journal.ts'
import {
  type JobRun,
  type Json,
  type LambdaReply,
  type StepFunctionsPorts,
  systemClock,
} from './step-functions/ports.ts'
import { stepFunctionsApi } from './step-functions/protocol.ts'
import { account, region } from './toolchain.ts'

export interface StepFunctions {
  handler: JsonHandler
  /** How many executions ran when the last local cloud ended, and were not resumed yet. */
  interrupted(): number
  /** Goes on with them. */
  resume(): void
  /** Lets go of what runs; the next start resumes it. */
  close(): Promise<void>
}

export interface StepFunctionsOptions {
  /** Told how executions go. */
  report: Report
  /** Called when an execution ended, not for the children of its Maps. */
  onEnd: () => void
  /** The file that remembers executions between starts. */
  journal: string | undefined
}

/** Opens Step Functions on functions of the emulator and our job runs. */
export function openStepFunctions(api: EmulatorApi, glue: GlueFacade, options: StepFunctionsOptions): StepFunctions {
  const ports: StepFunctionsPorts = {
    clock: systemClock,
    random: Math.random,
    uuid: randomUUID,
    invokeLambda: async (name, payload, signal) =>
      lambdaReply(await api.invoke(name, JSON.stringify(payload), { signal })),
    startJobRun: async (request) => String((await glue.call('StartJobRun', request)).JobRunId),
    getJobRun: async (jobName, runId) =>
      jobRun((await glue.call('GetJobRun', { JobName: jobName, RunId: runId })).JobRun),
    stopJobRun: async (jobName, runId) =>
      void (await glue.call('BatchStopJobRun', { JobName: jobName, JobRunIds: [runId] })),
    async readObject(bucket, key) {
      const bytes = await api.getObject(bucket, key)
      if (bytes !== undefined) return Buffer.from(bytes).toString('utf8')
      throw Object.assign(new Error(`\`s3://${bucket}/${key}\` does not exist`), { name: 'NoSuchKey' })
    },
    journal: watchedJournal(options.journal === undefined ? noJournal : fileJournal(options.journal), options),
  }
  const engine = new Engine(ports, { accountId: account, region })
  const answer = stepFunctionsApi(engine)
  return {
    handler: (operation, body) => answer(`AWSStepFunctions.${operation}`, body),
    interrupted: () => engine.interrupted(),
    resume: () => void engine.resume(),
    close: () => engine.close(),
  }
}

/** A function that answers with something that is not JSON has failed to answer, on AWS too. */
function lambdaReply({ payload, failed }: { payload: string; failed: boolean }): LambdaReply {
  return {
    statusCode: 200,
    payload: payload === '' ? null : (JSON.parse(payload) as Json),
    ...(failed ? { functionError: 'Unhandled' } : {}),
  }
}

/** Epoch seconds of the Glue API become the milliseconds that Step Functions shows; what is missing stays away. */
function jobRun(value: unknown): JobRun {
  const run = Object.entries(fieldsOf(value)).filter(([, field]) => field !== undefined)
  const shown = run.map(([name, field]) => [
    name,
    typeof field === 'number' && /On$/.test(name) ? Math.round(field * 1000) : field,
  ])
  return Object.fromEntries(shown) as JobRun
}
