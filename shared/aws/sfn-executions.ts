/** Whether an execution still runs, and whether it started a job, asked of Step Functions. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn'
import type { Executions } from '../ports/executions.ts'
import { engineError, nameOf } from './errors.ts'

const running = new Set(['RUNNING', 'PENDING_REDRIVE'])
const ended = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'])
/** No such execution any more, what is no ARN of one, or no right to ask: it cannot be told. */
const untold = new Set(['ExecutionDoesNotExist', 'InvalidArn', 'AccessDeniedException'])

export function createSfnExecutions(client: SFNClient): Executions {
  return {
    async state(executionArn) {
      try {
        const { status } = await client.send(new DescribeExecutionCommand({ executionArn }))
        // A status that we don't know is no evidence of an end.
        return running.has(status ?? '') ? 'running' : ended.has(status ?? '') ? 'ended' : 'unknown'
      } catch (error) {
        if (untold.has(nameOf(error))) return 'unknown'
        throw engineError(error, `asking for the state of execution \`${executionArn}\``)
      }
    },
    async jobStart(executionArn, endings) {
      try {
        return startedNone(await historyOf(client, executionArn), endings) ? 'never' : 'maybe'
      } catch (error) {
        if (untold.has(nameOf(error))) return 'maybe'
        throw engineError(error, `reading the history of execution \`${executionArn}\``)
      }
    },
  }
}

async function historyOf(client: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  let nextToken: string | undefined
  do {
    const page = await client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, nextToken, includeExecutionData: false }),
    )
    events.push(...(page.events ?? []))
    nextToken = page.nextToken
  } while (nextToken)
  return events
}

const ends = new Set(['ExecutionSucceeded', 'ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'])
/** Errors that only `StartJobRun` gives, as in state-machines/file-processor.asl.json: no job exists. */
const refusals = new Set([
  'Glue.ConcurrentRunsExceededException',
  'Glue.ResourceNumberLimitExceededException',
  'Glue.ThrottlingException',
  'Glue.InvalidInputException',
])

/**
 * What is not in the history yet could be a start: so it must be whole, from the first event to the end that counts. A start
 * that was scheduled and not surely refused may have reached Glue, whatever became of the execution.
 */
function startedNone(events: readonly HistoryEvent[], endings: number): boolean {
  const whole = events.every((event, index) => event.id === index + 1)
  const seen = events.filter(({ type }) => ends.has(type ?? '')).length
  const starts = events.filter((event) => event.taskScheduledEventDetails?.resourceType === 'glue').length
  const refused = events.filter((event) => {
    const failed =
      event.taskSubmitFailedEventDetails ?? event.taskStartFailedEventDetails ?? event.taskFailedEventDetails
    return failed?.resourceType === 'glue' && refusals.has(failed.error ?? '')
  }).length
  return whole && seen >= endings && starts === refused
}
