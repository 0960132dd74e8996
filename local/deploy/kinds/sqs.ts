/** Queues and their policies. */
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { Properties } from '../template.ts'
import { given, type Kind, orNothing, parsedJson } from './kind.ts'

const numbers = [
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
] as const

export const sqsQueue = (client: SQSClient): Kind => ({
  async read({ QueueName }) {
    const url = await orNothing(client.send(new GetQueueUrlCommand({ QueueName })))
    if (url === undefined) return undefined
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url.QueueUrl, AttributeNames: ['All'] }),
    )
    return given({
      QueueName,
      ...Object.fromEntries(
        numbers.map((name) => [name, Attributes[name] === undefined ? undefined : Number(Attributes[name])]),
      ),
      SqsManagedSseEnabled: Attributes.SqsManagedSseEnabled === 'true',
      RedrivePolicy: withNumber(parsedJson(Attributes.RedrivePolicy)),
      RedriveAllowPolicy: parsedJson(Attributes.RedriveAllowPolicy),
    })
  },
  async put(asked, _found, differing) {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: asked.QueueName }))
    const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
    const Attributes: Partial<Record<QueueAttributeName, string>> = Object.fromEntries(
      differing.map((name) => [name, text(asked[name])]),
    )
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))
  },
})

/** SQS gives back `maxReceiveCount` as a text or a number, as it was written. */
const withNumber = (policy: unknown): unknown =>
  typeof policy === 'object' && policy !== null && 'maxReceiveCount' in policy
    ? { ...policy, maxReceiveCount: Number(policy.maxReceiveCount) }
    : policy

export const sqsQueuePolicy = (client: SQSClient): Kind => ({
  async read({ Queues, PolicyDocument }) {
    const found = await Promise.all((Queues as string[]).map((url) => policyOf(client, url)))
    const same = found.every((policy) => JSON.stringify(policy) === JSON.stringify(PolicyDocument))
    return { Queues, PolicyDocument: same ? PolicyDocument : found }
  },
  async put({ Queues, PolicyDocument }: Properties) {
    for (const QueueUrl of Queues as string[])
      await client.send(
        new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify(PolicyDocument) } }),
      )
  },
})

async function policyOf(client: SQSClient, QueueUrl: string): Promise<unknown> {
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }))
  return parsedJson(Attributes?.Policy)
}
