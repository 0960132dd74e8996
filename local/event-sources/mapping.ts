/** An event source mapping from an SQS queue to a function, as our poller carries it out. */
import { randomUUID } from 'node:crypto'
import { fieldsOf, ServiceError } from '../protocol.ts'
import { account, region } from '../toolchain.ts'

export interface Mapping {
  uuid: string
  queueArn: string
  functionName: string
  enabled: boolean
  /** 1 to 10; to 10,000 with a window of at least a second. */
  batchSize: number
  windowSeconds: number
  reportsFailures: boolean
  /** The most invocations at once. AWS begins with five pollers and adds some under load; we stay with five at most. */
  concurrency: number | undefined
  changedOnMs: number
}

const known = new Set([
  'EventSourceArn',
  'FunctionName',
  'Enabled',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'FunctionResponseTypes',
  'ScalingConfig',
  'UUID',
  'Tags',
])

/** A new mapping from `CreateEventSourceMapping`. Throws InvalidParameterValueException for what we would have to ignore. */
export const newMapping = (input: unknown): Mapping =>
  changed(
    {
      uuid: randomUUID(),
      queueArn: '',
      functionName: '',
      enabled: true,
      batchSize: 10,
      windowSeconds: 0,
      reportsFailures: false,
      concurrency: undefined,
      changedOnMs: 0,
    },
    input,
  )

/** The mapping with the changes of `UpdateEventSourceMapping`. Throws as `newMapping` does. */
export function changed(mapping: Mapping, body: unknown): Mapping {
  const input = fieldsOf(body)
  const stranger = Object.keys(input).find(
    (name) => !known.has(name) && input[name] !== undefined && input[name] !== null,
  )
  if (stranger !== undefined)
    throw invalid(stranger, input[stranger], 'the local cloud does not have it; leave it away')
  const result: Mapping = {
    ...mapping,
    queueArn: String(input.EventSourceArn ?? mapping.queueArn),
    functionName: String(input.FunctionName ?? mapping.functionName),
    enabled: input.Enabled === undefined ? mapping.enabled : input.Enabled !== false && input.Enabled !== 'false',
    batchSize: Number(input.BatchSize ?? mapping.batchSize),
    windowSeconds: Number(input.MaximumBatchingWindowInSeconds ?? mapping.windowSeconds),
    reportsFailures:
      input.FunctionResponseTypes === undefined ? mapping.reportsFailures : responseTypes(input.FunctionResponseTypes),
    concurrency:
      input.ScalingConfig === undefined
        ? mapping.concurrency
        : numberIn(fieldsOf(input.ScalingConfig).MaximumConcurrency),
    changedOnMs: Date.now(),
  }
  check(result)
  return result
}

function check(mapping: Mapping): void {
  if (!/^arn:aws:sqs:[^:]+:\d{12}:[\w-]{1,80}$/.test(mapping.queueArn))
    throw invalid('EventSourceArn', mapping.queueArn, 'give the ARN of a standard SQS queue')
  if (mapping.functionName === '') throw invalid('FunctionName', mapping.functionName, 'give a function')
  inRange('MaximumBatchingWindowInSeconds', mapping.windowSeconds, 0, 300)
  inRange('BatchSize', mapping.batchSize, 1, mapping.windowSeconds === 0 ? 10 : 10_000)
  if (mapping.concurrency !== undefined) inRange('ScalingConfig.MaximumConcurrency', mapping.concurrency, 2, 1_000)
}

const numberIn = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : Number(value)

function inRange(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw invalid(name, value, `give a whole number from ${low} to ${high}`)
}

function responseTypes(value: unknown): boolean {
  if (!Array.isArray(value) || value.some((type) => type !== 'ReportBatchItemFailures'))
    throw invalid('FunctionResponseTypes', value, 'give `ReportBatchItemFailures` or an empty list')
  return value.length > 0
}

const invalid = (name: string, value: unknown, instead: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', `\`${name}\` is \`${JSON.stringify(value)}\`; ${instead}.`)

/** As Lambda shows it. */
export const describedMapping = (mapping: Mapping) => ({
  UUID: mapping.uuid,
  EventSourceMappingArn: `arn:aws:lambda:${region}:${account}:event-source-mapping:${mapping.uuid}`,
  EventSourceArn: mapping.queueArn,
  FunctionArn: mapping.functionName.startsWith('arn:')
    ? mapping.functionName
    : `arn:aws:lambda:${region}:${account}:function:${mapping.functionName}`,
  State: mapping.enabled ? 'Enabled' : 'Disabled',
  StateTransitionReason: 'USER_INITIATED',
  BatchSize: mapping.batchSize,
  MaximumBatchingWindowInSeconds: mapping.windowSeconds,
  FunctionResponseTypes: mapping.reportsFailures ? ['ReportBatchItemFailures'] : [],
  ...(mapping.concurrency === undefined ? {} : { ScalingConfig: { MaximumConcurrency: mapping.concurrency } }),
  LastModified: mapping.changedOnMs / 1000,
})
