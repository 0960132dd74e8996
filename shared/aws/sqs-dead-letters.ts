/** Dead-letter queues on SQS. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { DeadLetter, DeadLetterQueue } from '../ports/dead-letters.ts'
import { engineError, nameOf } from './errors.ts'

/** Letters of one call. */
const MOST_AT_ONCE = 10
/** A long poll asks every server of SQS: one that finds nothing means that nothing is visible. */
const WAIT_SECONDS = 1

export function createSqsDeadLetterQueue(client: SQSClient, name: string, QueueUrl: string): DeadLetterQueue {
  const failed = (action: string) => (error: unknown) => {
    throw engineError(error, `${action} the dead letters of \`${name}\``)
  }
  return {
    name,
    async depth() {
      const { Attributes = {} } = await client
        .send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
        .catch(failed('counting'))
      return {
        waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
        hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
      }
    },
    async take(hideSeconds) {
      const request = {
        QueueUrl,
        MaxNumberOfMessages: MOST_AT_ONCE,
        WaitTimeSeconds: WAIT_SECONDS,
        VisibilityTimeout: hideSeconds,
        MessageSystemAttributeNames: ['All' as const],
        MessageAttributeNames: ['All'],
      }
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(request)).catch(failed('reading'))
      return Messages.map((message) => letterOf(message, name))
    },
    async giveBack(letters) {
      for (let start = 0; start < letters.length; start += MOST_AT_ONCE) {
        const Entries = letters
          .slice(start, start + MOST_AT_ONCE)
          .map(({ receipt }, n) => ({ Id: String(n), ReceiptHandle: receipt, VisibilityTimeout: 0 }))
        // Entries that are refused are of letters that are gone, or in other hands.
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })).catch(failed('giving back'))
      }
    },
    async remove({ id, receipt }) {
      try {
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }))
      } catch (error) {
        // Somebody else received it since, and it is theirs now.
        if (nameOf(error) !== 'ReceiptHandleIsInvalid') failed(`removing \`${id}\` of`)(error)
      }
    },
  }
}

function letterOf(
  { MessageId, Body, Attributes, MessageAttributes, ReceiptHandle }: Message,
  queue: string,
): DeadLetter {
  const texts = Object.entries(MessageAttributes ?? {}).flatMap(([name, { StringValue: text }]) =>
    text === undefined ? [] : [[name, text] as const],
  )
  return {
    id: MessageId ?? '',
    queue,
    body: Body ?? '',
    sent_ms: Number(Attributes?.SentTimestamp ?? 0),
    receives: Number(Attributes?.ApproximateReceiveCount ?? 0),
    attributes: Object.fromEntries(texts),
    receipt: ReceiptHandle ?? '',
  }
}
