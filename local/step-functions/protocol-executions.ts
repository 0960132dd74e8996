/** Operations on executions: start, stop, describe, list. */
import { messageOf } from '../../shared/errors.ts'
import type { Engine } from './engine.ts'
import { PAYLOAD_LIMIT_BYTES } from './errors.ts'
import type { Json } from './ports.ts'
import { machineOf } from './protocol-machines.ts'
import { ApiError, checkName, type Operation, type Request, seconds } from './protocol-request.ts'
import { type ExecutionRecord, executionArn } from './records.ts'

/** How long the name of an ended execution stays taken. */
const NAME_RETENTION_MS = 90 * 24 * 60 * 60 * 1000

export function executionOperations(engine: Engine): { [name: string]: Operation } {
  return {
    StartExecution: (request) => start(engine, request),
    StopExecution: async (request) => {
      const { arn } = executionOf(engine, request.text('executionArn'))
      await engine.stop(arn, request.maybeText('error'), request.maybeText('cause'))
      const { stoppedAt } = executionOf(engine, arn)
      return { stopDate: seconds(stoppedAt ?? engine.ports.clock.now()) }
    },
    DescribeExecution: (request) => describe(executionOf(engine, request.text('executionArn'))),
    ListExecutions: (request) => list(engine, request),
  }
}

/** The execution, or the error that the service gives. */
export function executionOf(engine: Engine, arn: string): ExecutionRecord {
  const execution = engine.store.executions.get(arn)
  if (!execution) throw new ApiError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`)
  return execution
}

function start(engine: Engine, request: Request): { [key: string]: Json } {
  const machine = machineOf(engine, request.text('stateMachineArn'))
  const name = checkName(request.maybeText('name') ?? engine.ports.uuid())
  const input = checkInput(request.maybeText('input') ?? '{}')
  const existing = engine.store.executions.get(executionArn(engine.identity, machine.name, name))
  if (existing && isTaken(existing, engine.ports.clock.now())) {
    if (existing.status === 'RUNNING' && existing.input === input) return started(existing)
    throw new ApiError('ExecutionAlreadyExists', `Execution Already Exists: '${existing.arn}'`)
  }
  return started(engine.start(machine, name, input))
}

const started = (execution: ExecutionRecord) => ({
  executionArn: execution.arn,
  startDate: seconds(execution.startedAt),
})

const isTaken = (execution: ExecutionRecord, now: number): boolean =>
  execution.stoppedAt === undefined || now - execution.stoppedAt < NAME_RETENTION_MS

function checkInput(input: string): string {
  if (Buffer.byteLength(input) > PAYLOAD_LIMIT_BYTES)
    throw new ApiError('ValidationException', `\`input\` must have at most ${PAYLOAD_LIMIT_BYTES} bytes.`)
  try {
    JSON.parse(input)
    return input
  } catch (error) {
    throw new ApiError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${messageOf(error)}'`)
  }
}

const describe = (execution: ExecutionRecord): { [key: string]: Json } => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machineArn,
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.startedAt),
  ...(execution.stoppedAt !== undefined && { stopDate: seconds(execution.stoppedAt) }),
  input: execution.input,
  inputDetails: { included: true },
  ...(execution.output !== undefined && { output: execution.output, outputDetails: { included: true } }),
  ...(execution.mapRunArn !== undefined && { mapRunArn: execution.mapRunArn }),
  ...(execution.error !== undefined && { error: execution.error }),
  ...(execution.cause !== undefined && { cause: execution.cause }),
  redriveCount: execution.redriveCount,
  redriveStatus: 'NOT_REDRIVABLE',
  redriveStatusReason: 'The local cloud does not redrive executions.',
})

function list(engine: Engine, request: Request): { [key: string]: Json } {
  request.refuse('redriveFilter')
  const status = request.maybeText('statusFilter')
  const all = listed(engine, request)
    .filter((execution) => status === undefined || execution.status === status)
    .sort((a, b) => b.startedAt - a.startedAt)
  return request.page('executions', all, (execution) => ({
    executionArn: execution.arn,
    stateMachineArn: execution.machineArn,
    name: execution.name,
    status: execution.status,
    startDate: seconds(execution.startedAt),
    ...(execution.stoppedAt !== undefined && { stopDate: seconds(execution.stoppedAt) }),
    ...(execution.mapRunArn !== undefined && { mapRunArn: execution.mapRunArn, itemCount: 1 }),
    redriveCount: execution.redriveCount,
  }))
}

/** Either the executions of a machine, without its Maps' children, or the children of one map run. */
function listed(engine: Engine, request: Request): ExecutionRecord[] {
  const machineArn = request.maybeText('stateMachineArn')
  const mapRunArn = request.maybeText('mapRunArn')
  if ((machineArn === undefined) === (mapRunArn === undefined))
    throw new ApiError('ValidationException', 'Exactly one of `stateMachineArn` and `mapRunArn` must be given.')
  if (machineArn !== undefined) {
    const { arn } = machineOf(engine, machineArn)
    return [...engine.store.executions.values()].filter((execution) => execution.machineArn === arn)
  }
  if (!engine.store.mapRuns.has(String(mapRunArn)))
    throw new ApiError('ResourceNotFound', `Resource not found: '${mapRunArn}'`)
  return engine.store.children(String(mapRunArn))
}
