/** How many messages wait in the deployment's queues: events on their way, and dead letters. */
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { engineError } from '../../shared/aws/errors.ts'
import type { Deployment } from './deployment.ts'

export interface Queues {
  /** Events that the ledger does not know yet: waiting, at work, or between two attempts. */
  readonly events_on_their_way: number
  readonly dead_letters: readonly DeadLetters[]
}

interface DeadLetters {
  readonly queue: string
  readonly messages: number
}

/** Approximate, as SQS counts. Throws EngineError TG5110 or TG5111 if it doesn't tell. */
export async function queuesOf(deployment: Deployment): Promise<Queues> {
  const sqs = new SQSClient({})
  const depth = async (QueueUrl: string): Promise<number> => {
    const { Attributes } = await sqs
      .send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
      .catch((error: unknown) => {
        throw engineError(error, `counting the messages of \`${QueueUrl}\``)
      })
    const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } = Attributes ?? {}
    return Number(visible ?? 0) + Number(hidden ?? 0)
  }
  try {
    const [onTheirWay, ...dead] = await Promise.all([
      depth(deployment.landingQueueUrl),
      ...deployment.deadLetterQueues.map(async ({ name, url }) => ({ queue: name, messages: await depth(url) })),
    ])
    return { events_on_their_way: onTheirWay, dead_letters: dead }
  } finally {
    sqs.destroy()
  }
}
