/** Collects what one run wrote into logs: the steps' functions and the drivers of its Spark jobs. */
import { mapBounded } from '../../shared/bounded.ts'
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import { InputError } from '../../shared/errors.ts'
import { shown } from '../../shared/files/shown.ts'
import { driverLines, fieldsOf, functionLines, type LogLine, merged } from './log-lines.ts'

export interface LogEvent {
  readonly at_ms: EpochMs
  readonly stream: string
  readonly message: string
}

export interface JobRunFacts {
  readonly id: string
  /** Its argument `--run-id`. */
  readonly run_id: string
  readonly state: string
  /** The driver's log, where it is a file of this machine: on the local cloud. */
  readonly log_file: string | null
}

export interface Span {
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

/** Where logs are. */
export interface LogSources {
  /** When the execution ran (until now if it still does); undefined if there is none of that name. */
  execution(name: string): Promise<Span | undefined>
  /** Job runs that started in the span. */
  jobRuns(span: Span): Promise<JobRunFacts[]>
  /** Events of a log group, by time; none if there is no such group. */
  events(
    group: string,
    span: Span,
    narrowed: { readonly phrase: string } | { readonly streamPrefix: string },
  ): Promise<LogEvent[]>
  /** The text of a file of this machine, undefined if it is not there. */
  file(path: string): Promise<string | undefined>
}

export interface RunLogs {
  readonly execution: string
  /** Null: the whole execution was asked for. */
  readonly run_id: string | null
  readonly job_runs: readonly JobRunFacts[]
  readonly lines: readonly LogLine[]
}

export interface LogNames {
  /** Prefix of the functions' names: that of the stack. */
  readonly functions: string
  readonly job: string
}

/** The functions that work for a run; the file manager works for none. */
const steps = ['batch-manager', 'claim-batch', 'settle-batch', 'summarise-run']

interface Wanted {
  readonly execution: string
  readonly span: Span
  /** Null: all of them. */
  readonly batch: number | null
  readonly runId: string | null
}

/** Throws InputError TG2501 if `run` is neither a run id nor the name of an execution. */
export async function runLogs(run: string, names: LogNames, sources: LogSources): Promise<RunLogs> {
  const wanted = await wantedOf(run, sources)
  const [functions, jobRuns] = await Promise.all([
    mapBounded(steps, steps.length, (step) => stepLines(step, wanted, names, sources)),
    sources.jobRuns(wanted.span).then((found) => found.filter(({ run_id }) => isOf(run_id, wanted))),
  ])
  const drivers = await mapBounded(jobRuns, 8, (jobRun) => driverLog(jobRun, wanted, names, sources))
  const lines = merged([...functions, ...drivers.flat()], wanted.span.startMs)
  return { execution: wanted.execution, run_id: wanted.runId, job_runs: jobRuns, lines }
}

/** A run id is `<execution>-<batch>-<redrive>`; a name that is an execution's own is taken as that. */
async function wantedOf(run: string, sources: LogSources): Promise<Wanted> {
  if (/^[\w.=:@-]{1,255}$/.test(run)) {
    const whole = await sources.execution(run)
    if (whole) return { execution: run, span: whole, batch: null, runId: null }
    const [, execution, batch] = /^(.+)-(\d+)-\d+$/.exec(run) ?? []
    const span = execution === undefined ? undefined : await sources.execution(execution)
    if (execution !== undefined && span) return { execution, span, batch: Number(batch), runId: run }
  }
  throw new InputError(
    'TG2501',
    `there is no run \`${shown(run)}\`. \`tidegate runs\` lists run ids; executions are kept for 90 days after their end.`,
  )
}

const isOf = (runId: string, { execution, runId: wanted }: Wanted): boolean =>
  wanted === null ? runId.startsWith(`${execution}-`) && batchOf(runId, execution) !== undefined : runId === wanted

function batchOf(runId: string, execution: string): string | undefined {
  return /^-(\d+)-\d+$/.exec(runId.slice(execution.length))?.[1]
}

async function stepLines(step: string, wanted: Wanted, names: LogNames, sources: LogSources): Promise<LogLine[]> {
  const group = `/aws/lambda/${names.functions}-${step}`
  const events = await sources.events(group, wanted.span, { phrase: wanted.execution })
  return events.flatMap(({ at_ms, message }) => {
    const { batch, run_id, execution_name } = fieldsOf(message) ?? {}
    if (execution_name !== undefined && execution_name !== wanted.execution) return []
    if (wanted.batch !== null && batch !== undefined && batch !== wanted.batch) return []
    if (wanted.runId !== null && run_id !== undefined && run_id !== wanted.runId) return []
    return functionLines(message, at_ms, typeof batch === 'number' ? `${step} ${batch}` : step)
  })
}

/** On AWS both groups of the job; streams of executors have `_g-` in their name and are left out. */
async function driverLog(
  jobRun: JobRunFacts,
  { execution, span }: Wanted,
  names: LogNames,
  sources: LogSources,
): Promise<LogLine[][]> {
  const component = `driver ${batchOf(jobRun.run_id, execution)}`
  if (jobRun.log_file !== null) {
    const text = await sources.file(jobRun.log_file)
    const gone = { at_ms: null, component, text: `its log \`${jobRun.log_file}\` is not there any more` }
    return [text === undefined ? [gone] : driverLines(text, component)]
  }
  return mapBounded(['output', 'error'], 2, async (kind) => {
    const events = await sources.events(`/tidegate/${names.job}/${kind}`, span, { streamPrefix: jobRun.id })
    return events
      .filter(({ stream }) => !stream.includes('_g-'))
      .flatMap(({ at_ms, message }) => functionLines(message, at_ms, component))
  })
}
