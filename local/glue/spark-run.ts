/** One run of a Glue job for real: script and modules from S3, `spark-submit` in a process group of its own, its true exit code. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf } from '../../shared/errors.ts'
import type { EmulatorApi } from '../emulator/api.ts'
import { type GuardedProcess, startGuarded, tailOf } from '../processes/guarded.ts'
import { baseEnvironment, python, region, sdkEnvironment, sparkSubmit } from '../toolchain.ts'
import { type GlueJob, s3Location, scriptArguments, sparkSettings } from './job.ts'
import { localSettings } from './spark-settings.ts'

/** How a run ended: `error` says why when the code is not 0. */
export interface RunEnd {
  exitCode: number
  error?: string
}

export interface Execution {
  readonly done: Promise<RunEnd>
  /** TERM, then KILL to the process group; `done` follows. */
  stop(): void
}

/** Starts one run; `onRunning` is called when the process exists. */
export type Execute = (
  job: GlueJob,
  run: { id: string; arguments: Record<string, string>; logFile: string },
  onRunning: () => void,
) => Execution

export interface SparkOptions {
  api: EmulatorApi
  /** The gateway: what the job's own SDK and Spark talk to. */
  endpoint: string
  driverMemory: string
  /** Time between TERM and KILL when a run is stopped. */
  graceSeconds?: number
}

/** Runs jobs by `spark-submit`. A missing script or module is a failed run that says so, never a success. */
export function sparkExecutor(options: SparkOptions): Execute {
  return (job, run, onRunning) => {
    let stopped = false
    let process: GuardedProcess | undefined
    const submit = async (): Promise<RunEnd> => {
      const workDir = join(run.logFile, '..')
      try {
        const merged = { ...job.defaultArguments, ...run.arguments }
        const command = await prepare(job, run.id, merged, workDir, options)
        if (stopped) return { exitCode: 143 }
        process = startGuarded({
          command,
          cwd: workDir,
          env: environment(options.endpoint, workDir),
          logFile: run.logFile,
          scratch: join(workDir, 'scratch'),
          graceSeconds: options.graceSeconds ?? 5,
        })
        onRunning()
        const exitCode = await process.exited
        return exitCode === 0 ? { exitCode } : { exitCode, error: lastError(run.logFile, exitCode) }
      } catch (error) {
        return { exitCode: 1, error: messageOf(error) }
      }
    }
    return {
      done: submit(),
      stop: () => {
        stopped = true
        void process?.stop()
      },
    }
  }
}

async function prepare(
  job: GlueJob,
  runId: string,
  merged: Record<string, string>,
  workDir: string,
  options: SparkOptions,
): Promise<string[]> {
  const script = await download(job.scriptLocation, workDir, options.api)
  const modules: string[] = []
  for (const uri of merged['--extra-py-files']?.split(',') ?? [])
    modules.push(await download(uri, workDir, options.api))
  const settings = localSettings(sparkSettings(merged['--conf']), {
    endpoint: options.endpoint,
    region,
    workDir,
    driverMemory: options.driverMemory,
  })
  mkdirSync(join(workDir, 'scratch'), { recursive: true }) // last: whoever runs the command removes it
  return [
    sparkSubmit(),
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    ...(modules.length === 0 ? [] : ['--py-files', modules.join(',')]),
    script,
    ...scriptArguments(merged, job.name, runId),
  ]
}

async function download(uri: string, workDir: string, api: EmulatorApi): Promise<string> {
  const location = s3Location(uri)
  if (location === undefined)
    throw new Error(`LAUNCH ERROR | \`${uri}\` is no S3 location. Give \`s3://bucket/key\` in the job's definition.`)
  const bytes = await api.getObject(location.bucket, location.key)
  if (bytes === undefined)
    throw new Error(`LAUNCH ERROR | \`${uri}\` does not exist. Deploy again: it puts the job's files there.`)
  const file = join(workDir, basename(location.key))
  writeFileSync(file, bytes)
  return file
}

const environment = (endpoint: string, workDir: string): Record<string, string> => ({
  ...baseEnvironment(),
  ...sdkEnvironment(endpoint),
  HOME: workDir,
  SPARK_LOCAL_IP: '127.0.0.1',
  PYSPARK_PYTHON: python(),
  PYSPARK_DRIVER_PYTHON: python(),
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: 'regional',
})

/** The last line that names an error, as Glue shows it; the exit code when nothing does. */
function lastError(logFile: string, exitCode: number): string {
  const named = tailOf(logFile, 400).findLast((line) =>
    /^(?:[\w$]+\.)*[\w$]*(?:Error|Exception|Exit|Interrupt)\b(?:: .*)?$/.test(line.trim()),
  )
  const what = named?.trim().slice(0, 2_000) ?? `the driver ended with exit code ${exitCode}`
  return `${what} (exit code ${exitCode}; driver log \`${logFile}\`)`
}
