/** Operations on what happened inside an execution: its history and its map runs. */
import type { Engine } from './engine.ts'
import type { Json } from './ports.ts'
import { executionOf } from './protocol-executions.ts'
import { ApiError, type Operation, seconds } from './protocol-request.ts'
import type { ExecutionStatus, MapRunRecord } from './records.ts'

/** The member that holds an execution's data, left out of an event when the caller asks for less. */
const DATA = ['input', 'output', 'parameters', 'assignedVariables']

export function historyOperations(engine: Engine): { [name: string]: Operation } {
  return {
    GetExecutionHistory: (request) => {
      const { arn } = executionOf(engine, request.text('executionArn'))
      const events = engine.store.events(arn)
      const withData = request.value('includeExecutionData') !== false
      return request.page('events', request.flag('reverseOrder') ? events.toReversed() : events, (event) =>
        withData ? event : withoutData(event),
      )
    },
    ListMapRuns: (request) => {
      const { arn } = executionOf(engine, request.text('executionArn'))
      const runs = [...engine.store.mapRuns.values()].filter((run) => run.executionArn === arn)
      return request.page('mapRuns', runs, (run) => ({
        executionArn: run.executionArn,
        mapRunArn: run.arn,
        stateMachineArn: run.machineArn,
        startDate: seconds(run.startedAt),
        ...(run.stoppedAt !== undefined && { stopDate: seconds(run.stoppedAt) }),
      }))
    },
    DescribeMapRun: (request) => {
      const arn = request.text('mapRunArn')
      const run = engine.store.mapRuns.get(arn)
      if (!run) throw new ApiError('ResourceNotFound', `Resource not found: '${arn}'`)
      return describe(engine, run)
    },
  }
}

const withoutData = (event: { [key: string]: Json }): { [key: string]: Json } =>
  Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).filter(([name]) => !DATA.includes(name)))
        : value,
    ]),
  )

/** One item a child, so items and executions count the same. */
function describe(engine: Engine, run: MapRunRecord): { [key: string]: Json } {
  const children = engine.store.children(run.arn)
  const withStatus = (status: ExecutionStatus) => children.filter((child) => child.status === status).length
  const unborn = run.items - children.length
  const ended = run.status !== 'RUNNING'
  const counts = {
    pending: ended ? 0 : unborn,
    running: withStatus('RUNNING'),
    succeeded: withStatus('SUCCEEDED'),
    failed: withStatus('FAILED'),
    timedOut: withStatus('TIMED_OUT'),
    aborted: withStatus('ABORTED') + (ended ? unborn : 0),
    total: run.items,
    resultsWritten: 0,
    failuresNotRedrivable: 0,
    pendingRedrive: 0,
  }
  return {
    mapRunArn: run.arn,
    executionArn: run.executionArn,
    status: run.status,
    startDate: seconds(run.startedAt),
    ...(run.stoppedAt !== undefined && { stopDate: seconds(run.stoppedAt) }),
    maxConcurrency: run.maxConcurrency,
    toleratedFailurePercentage: run.toleratedFailurePercentage,
    toleratedFailureCount: 0,
    itemCounts: counts,
    executionCounts: { ...counts },
    redriveCount: 0,
  }
}
