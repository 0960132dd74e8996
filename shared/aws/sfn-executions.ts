/** Whether an execution still runs, asked of Step Functions. */
import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn'
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
  }
}
