/** The local cloud as one thing: gateway, emulator, our engines; started in order, stopped in reverse, nothing left behind. */
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { ConfigurationError } from '../shared/errors.ts'
import { adminRoutes } from './admin.ts'
import { type DataDir, openDataDir } from './data-dir.ts'
import { type DiskRoom, openDiskRoom, startError } from './disk-room.ts'
import { emulatorApi } from './emulator/api.ts'
import { type Emulator, startEmulator } from './emulator/emulator.ts'
import { openEventSources } from './event-sources/facade.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { glueFacade } from './glue/facade.ts'
import { openJobRuns } from './glue/job-runs.ts'
import { sparkExecutor } from './glue/spark-run.ts'
import { componentLogs, reporter } from './logs.ts'
import { openScheduler } from './scheduler/facade.ts'
import { schedulerTarget } from './scheduler/target.ts'
import { type SleepingClock, systemClock } from './step-functions/ports.ts'
import { openStepFunctions, type StepFunctions } from './step-functions-wiring.ts'
import { sdkEnvironment } from './toolchain.ts'

export interface LocalCloudOptions {
  /** Port on 127.0.0.1; 0 takes a free one. A data directory keeps the port of its first start. Default 4666. */
  port?: number
  /** Where state is kept between starts. Without it everything is gone at the end. */
  dataDir?: string
  /** Spark jobs at work at once, default 1; more wait. */
  maxJobs?: number
  /** E.g. `2g`, the default. */
  driverMemory?: string
  /** Fire schedules as time passes, as AWS would. Default: only `fastForward` of the scheduler fires them. */
  schedules?: boolean
  /** The scheduler's clock; tests bring their own. */
  schedulerClock?: SleepingClock
}

export interface LocalCloud {
  readonly endpoint: string
  readonly port: number
  /** Directory with logs, runs and, when it was given, state. */
  readonly dataDir: string
  /** File with the emulator's log. Functions log to CloudWatch Logs, `/aws/lambda/<function>`; a job run's `LogGroupName` names its file. */
  readonly emulatorLog: string
  /** The `AWS_…` variables that point any SDK here. */
  env(): Record<string, string>
  /** Settles with a reason, which says what is lost, when a part ends that should not; the others still run until `stop`. */
  readonly failed: Promise<string>
  /** Executions that were under way when the last local cloud on this data directory ended. */
  readonly interrupted: number
  /** To be called once what there is to deploy is deployed: has the state written, and goes on with the interrupted executions. */
  begin(): Promise<void>
  /** Ends everything in order and writes state. Harmless twice. */
  stop(): Promise<void>
}

/** Starts the local cloud; it answers when this resolves. Throws TG11xx (port, directory) or TG51xx (emulator). */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const settings = { maxJobs: 1, driverMemory: '2g', schedules: false, schedulerClock: systemClock, ...options }
  if (!Number.isInteger(settings.maxJobs) || settings.maxJobs < 1) {
    throw new ConfigurationError('TG1105', `\`--max-jobs\` is \`${settings.maxJobs}\`. Give a whole number from 1.`)
  }
  const undo: Undo[] = []
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= inReverse(undo)
    return stopping
  }
  try {
    const dataDir = openDataDir(options.dataDir)
    undo.push(() => dataDir.close())
    const room = openDiskRoom(dataDir.path)
    undo.push(() => room.close())
    const gateway = await openOnPort(dataDir, options.port, room)
    undo.push(() => gateway.stop())
    const emulator = await startEmulator({
      publicEndpoint: gateway.endpoint,
      logFile: dataDir.file(componentLogs.emulator),
      stateDir: dataDir.kept('emulator'),
    })
    undo.push(() => emulator.stop())
    undo.push(() => room.close()) // before the emulator writes its state
    const stepFunctions = await startEngines(gateway, emulator, dataDir, settings, undo)
    dataDir.announce(gateway.endpoint, gateway.port)
    return {
      endpoint: gateway.endpoint,
      port: gateway.port,
      dataDir: dataDir.path,
      emulatorLog: emulator.logFile,
      env: () => sdkEnvironment(gateway.endpoint),
      failed: emulator.exited.then((code) => endOfEmulator(code, emulator, dataDir.kept('emulator') !== undefined)),
      interrupted: stepFunctions.interrupted(),
      begin: async () => {
        await emulator.save()
        stepFunctions.resume()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw startError(error, resolve(options.dataDir ?? tmpdir()))
  }
}

/** The port asked for, or the data directory's; else 4666, or a free one where that is taken. Throws TG1102, TG1104, TG1107. */
async function openOnPort(dataDir: DataDir, asked: number | undefined, room: DiskRoom): Promise<Gateway> {
  const port = dataDir.port(asked)
  const refuse = (bytes: number) => room.refusal(bytes)
  try {
    return await openGateway(port, refuse)
  } catch (error) {
    if (dataDir.hasPort()) throw portOfDataTaken(dataDir.path, port, error)
    if (asked !== undefined || !isTaken(error)) throw error
    return openGateway(0, refuse)
  }
}

const isTaken = (error: unknown): boolean => error instanceof ConfigurationError && error.code === 'TG1102'

const portOfDataTaken = (path: string, port: number, cause: unknown): ConfigurationError =>
  new ConfigurationError(
    'TG1107',
    `port \`${port}\` on 127.0.0.1 is taken, and \`${path}\` was made on it: its queue URLs carry it. Stop what uses the port, or start with a new \`--data-dir\`.`,
    { cause },
  )

/** Exit codes of an emulator that was asked to end. */
const orderly = [0, 128 + 15]

/** Its state is written at an orderly end, and at times before: without one, the local AWS is what it was at the last. */
function endOfEmulator(code: number, { savedAtMs, logFile }: Emulator, keeps: boolean): string {
  const what = `the emulator ended by itself, with exit code ${code}, and with it`
  if (!keeps) return `${what} everything that was in it, since there is no \`--data-dir\``
  if (orderly.includes(code))
    return `${what} this local cloud; its state was written, nothing is lost; see \`${logFile}\``
  const atMs = savedAtMs()
  const from = atMs === undefined ? 'is lost' : `since ${new Date(atMs).toISOString()} is lost`
  return `${what} what was in its memory: what ledger, queues and catalogue held ${from}, objects on S3 are kept; see \`${logFile}\``
}

async function startEngines(
  gateway: Gateway,
  emulator: Emulator,
  dataDir: DataDir,
  settings: Pick<Required<LocalCloudOptions>, 'maxJobs' | 'driverMemory' | 'schedules' | 'schedulerClock'>,
  undo: Undo[],
): Promise<StepFunctions> {
  const reportOf = (component: Parameters<typeof reporter>[1]) => reporter(dataDir.file, component)
  const api = emulatorApi(emulator.endpoint)
  const execute = sparkExecutor({ api, endpoint: gateway.endpoint, driverMemory: settings.driverMemory })
  const runs = openJobRuns({
    execute,
    maxJobs: settings.maxJobs,
    workDir: dataDir.file('runs'),
    file: dataDir.kept('glue-runs.json'),
    report: reportOf('glue'),
  })
  undo.push(() => runs.close())
  const glue = glueFacade(api, runs, dataDir.kept('glue-jobs.json'))
  const journal = dataDir.kept('step-functions/journal.jsonl')
  const stepFunctions = openStepFunctions(api, glue, {
    report: reportOf('step-functions'),
    onEnd: () => void emulator.save(), // what a run has settled should outlive the emulator
    journal,
  })
  undo.push(() => stepFunctions.close())
  const scheduler = openScheduler({
    api,
    file: dataDir.kept('schedules.json'),
    clock: settings.schedulerClock,
    enabled: settings.schedules,
    target: schedulerTarget(stepFunctions.handler, api),
    report: reportOf('scheduler'),
  })
  undo.push(() => scheduler.stop())
  const eventSources = openEventSources(api, reportOf('event-sources'), dataDir.kept('event-sources.json'))
  undo.push(() => eventSources.stop())
  gateway.serve(emulator.endpoint, {
    json: { AWSGlue: glue, AWSStepFunctions: { handler: stepFunctions.handler, owns: () => true } },
    rest: [eventSources, scheduler, adminRoutes({ scheduler, stepFunctions: stepFunctions.handler, glue, api })],
  })
  return stepFunctions
}

type Undo = () => Promise<void> | void

/** Every step is done, even if one before it failed; the first failure is thrown at the end. */
async function inReverse(undo: Undo[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of undo.toReversed()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
