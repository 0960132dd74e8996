/** A Glue job as our facade reads it, and the arguments and Spark settings of one run of it. */
import { fieldsOf, ServiceError } from '../protocol.ts'

export interface GlueJob {
  name: string
  /** `s3://…/main.py` */
  scriptLocation: string
  defaultArguments: Record<string, string>
  maxConcurrentRuns: number
  queuingEnabled: boolean
  timeoutMinutes: number
  workerType: string | undefined
  numberOfWorkers: number | undefined
}

/** Reads what `GetJob` answers. Throws InvalidInputException for what the local cloud would have to pretend. */
export function jobFrom(definition: Record<string, unknown>): GlueJob {
  const command = fieldsOf(definition.Command)
  if (command.Name !== 'glueetl') throw unsupported('Command.Name', command.Name, 'use `glueetl`')
  if (Number(definition.MaxRetries ?? 0) !== 0)
    throw unsupported('MaxRetries', definition.MaxRetries, 'set it to 0: retries belong to the state machine')
  return {
    name: String(definition.Name),
    scriptLocation: String(command.ScriptLocation ?? ''),
    defaultArguments: textMap(definition.DefaultArguments),
    maxConcurrentRuns: Number(fieldsOf(definition.ExecutionProperty).MaxConcurrentRuns ?? 1),
    queuingEnabled: definition.JobRunQueuingEnabled === true,
    timeoutMinutes: Number(definition.Timeout ?? 2880),
    workerType: typeof definition.WorkerType === 'string' ? definition.WorkerType : undefined,
    numberOfWorkers: typeof definition.NumberOfWorkers === 'number' ? definition.NumberOfWorkers : undefined,
  }
}

/** A map of texts to texts, as Glue's arguments are. Throws InvalidInputException for other values. */
export function textMap(value: unknown): Record<string, string> {
  for (const [name, text] of Object.entries(fieldsOf(value))) {
    if (typeof text !== 'string')
      throw new ServiceError(
        'InvalidInputException',
        `argument \`${name}\` is \`${JSON.stringify(text)}\`, not a text. Send a text.`,
      )
  }
  return { ...(fieldsOf(value) as Record<string, string>) }
}

const unsupported = (field: string, value: unknown, instead: string): ServiceError =>
  new ServiceError(
    'InvalidInputException',
    `the local cloud does not run Glue jobs with \`${field}\` = \`${String(value)}\`; ${instead}.`,
  )

/** Arguments that Glue itself takes, and does not hand to the script. */
const consumed = new Set(['--conf', '--extra-py-files', '--extra-jars', '--extra-files', '--additional-python-modules'])

/** What the script finds in `sys.argv`: the job's arguments under the run's, and Glue's own. */
export function scriptArguments(merged: Record<string, string>, jobName: string, runId: string): string[] {
  const own = { '--JOB_NAME': jobName, '--JOB_ID': `j_${jobName}`, '--JOB_RUN_ID': runId }
  return Object.entries({ ...merged, ...own }).flatMap(([name, value]) => (consumed.has(name) ? [] : [name, value]))
}

/** Glue's chain in one argument, `a=b --conf c=d --conf e=f`, as a map. Throws InvalidInputException when it is something else. */
export function sparkSettings(chain: string | undefined): Record<string, string> {
  if (chain === undefined || chain.trim() === '') return {}
  const settings: Record<string, string> = {}
  for (const part of chain.trim().split(/\s+--conf\s+/)) {
    const at = part.indexOf('=')
    if (at < 1)
      throw new ServiceError(
        'InvalidInputException',
        `\`--conf\` has \`${part}\`, which is not \`key=value\`. Chain them: \`a=b --conf c=d\`.`,
      )
    settings[part.slice(0, at).trim()] = part.slice(at + 1).trim()
  }
  return settings
}

/** Bucket and key of `s3://bucket/key` (s3a, s3n too); `undefined` when it is none. */
export function s3Location(uri: string): { bucket: string; key: string } | undefined {
  const groups = /^s3[an]?:\/\/(?<bucket>[^/]+)\/(?<key>.+)$/.exec(uri.trim())?.groups
  return groups?.bucket === undefined || groups.key === undefined
    ? undefined
    : { bucket: groups.bucket, key: groups.key }
}
