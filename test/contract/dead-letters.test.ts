import { CreateQueueCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll } from 'vitest'
import { createSqsDeadLetterQueue } from '../../shared/aws/sqs-dead-letters.ts'
import { createMemoryClock } from '../../shared/memory/clock.ts'
import { createMemoryDeadLetterQueue } from '../../shared/memory/dead-letters.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { deadLettersContract } from './support/dead-letters-contract.ts'
import { newName } from './support/items.ts'

let cloud: Cloud
let sqs: SQSClient
beforeAll(async () => {
  cloud = await startCloud()
  sqs = cloud.sqs
})
afterAll(() => cloud?.stop())

deadLettersContract('memory', async () => {
  const queue = createMemoryDeadLetterQueue('FileManager', createMemoryClock())
  return { queue, put: async (body, attributes) => void queue.put(body, attributes) }
})

deadLettersContract('SQS', async () => {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: newName() }))
  return {
    queue: createSqsDeadLetterQueue(sqs, 'FileManager', QueueUrl),
    put: async (MessageBody, attributes = {}) => {
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      )
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }))
    },
  }
})
