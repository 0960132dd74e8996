/** The ways back for dead letters on AWS: the file manager's queue, StartExecution, the reconciler, and SQS's own redrive. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  SendMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { EngineError } from '../errors.ts'
import type { Redelivery } from '../ports/dead-letters.ts'
import { fullJitter, type Pause } from './backoff.ts'
import { engineError, nameOf } from './errors.ts'

export interface RedeliveryTargets {
  readonly sqs: SQSClient
  readonly sfn: SFNClient
  readonly lambda: LambdaClient
  readonly landingQueueUrl: string
  readonly stateMachineArn: string
  readonly reconcileFunction: string
  /** URL of each dead-letter queue, by its name. */
  readonly queueUrls: Readonly<Record<string, string>>
}

/** Rounds of looking whether a move has ended, about a second each: SQS moves at least 500 letters a second. */
const LOOKS_AT_MOST = 3_600

export function createRedelivery(targets: RedeliveryTargets, pause: Pause = fullJitter): Redelivery {
  const { sqs, sfn, lambda } = targets
  return {
    async land(MessageBody) {
      await sqs.send(new SendMessageCommand({ QueueUrl: targets.landingQueueUrl, MessageBody })).catch((error) => {
        throw engineError(error, 'handing an event to the file manager')
      })
    },
    async start({ name, input }) {
      const request = { stateMachineArn: targets.stateMachineArn, name, input }
      try {
        await sfn.send(new StartExecutionCommand(request))
      } catch (error) {
        if (nameOf(error) !== 'ExecutionAlreadyExists') throw engineError(error, `starting the execution \`${name}\``)
      }
    },
    async reconcile() {
      const request = { FunctionName: targets.reconcileFunction, InvocationType: 'Event' as const, Payload: '{}' }
      await lambda.send(new InvokeCommand(request)).catch((error) => {
        throw engineError(error, `invoking \`${targets.reconcileFunction}\``)
      })
    },
    async moveAll(queue) {
      const QueueUrl = targets.queueUrls[queue]
      if (QueueUrl === undefined) return undefined
      const SourceArn = await arnOf(sqs, QueueUrl)
      try {
        await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }))
      } catch (error) {
        // No queue sends its dead letters there (EventBridge and the Scheduler do), or there is no such service here.
        if (noMove.has(nameOf(error))) return undefined
        throw engineError(error, `moving the dead letters of \`${queue}\` back`)
      }
      return ended(sqs, SourceArn, pause)
    },
  }
}

const noMove = new Set([
  'UnsupportedOperation',
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'InvalidAction',
  'UnknownOperationException',
])

async function arnOf(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs
    .send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
    .catch((error) => {
      throw engineError(error, `looking at the queue \`${QueueUrl}\``)
    })
  return Attributes?.QueueArn ?? ''
}

/** Messages moved. Throws EngineError TG5622 if the move failed or was cancelled, or does not end. */
async function ended(sqs: SQSClient, SourceArn: string, pause: Pause): Promise<number> {
  for (let look = 1; look <= LOOKS_AT_MOST; look++) {
    const { Results = [] } = await sqs
      .send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }))
      .catch((error) => {
        throw engineError(error, `looking how far the move of \`${SourceArn}\` is`)
      })
    const [task] = Results
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0
    if (task?.Status === 'COMPLETED') return moved
    if (task?.Status === 'FAILED' || task?.Status === 'CANCELLED') {
      const why = task.FailureReason ?? task.Status
      throw notMoved(SourceArn, `ended as \`${why}\` after ${moved} letters`)
    }
    await pause(look)
  }
  throw notMoved(SourceArn, 'has not ended after half an hour')
}

const notMoved = (arn: string, what: string): EngineError =>
  new EngineError(
    'TG5622',
    `moving the dead letters of \`${arn}\` back ${what}. What was moved stays moved; look with \`tidegate dlq list\`, and replay again.`,
    { certainty: 'unknown' },
  )
