/** Carries messages from a queue to a function as Lambda's own pollers do; true for partial failures, where the emulator is not. */
import { setTimeout as delay } from 'node:timers/promises'
import type { EmulatorApi } from '../emulator/api.ts'
import { fieldsOf } from '../protocol.ts'
import { succeededOf } from './batch-response.ts'
import type { Mapping } from './mapping.ts'

export interface Poller {
  /** Takes no more messages, and resolves when the batches at work are done. */
  stop(): Promise<void>
}

interface Message {
  MessageId: string
  ReceiptHandle: string
  Body: string
  MD5OfBody: string
  Attributes?: Record<string, string>
  MessageAttributes?: Record<string, Record<string, unknown>>
}

/** How long an empty receive waits; also the longest that `stop` waits for one. Hanging up instead would hide messages. */
const waitSeconds = 1
/** Pollers that AWS begins with; this machine is not given more. */
const mostAtOnce = 5
/** After a failure: do not spin on a queue or function that is not there. */
const pauseMs = 1_000
/** A batch ends here too: 6 MB is the largest event, and a record is a little larger than its body. */
const largestBatchBytes = 5_000_000

/** Starts to poll. Failures go to `report`, and the messages to another attempt, or to the dead letters by the queue's own rule. */
export function startPoller(mapping: Mapping, api: EmulatorApi, report: (error: unknown) => void): Poller {
  let stopped = false
  const wake = new AbortController()
  const working = new Set<Promise<void>>()
  const queueName = mapping.queueArn.split(':').at(-1) ?? ''

  const cycle = async (): Promise<void> => {
    const { QueueUrl: queueUrl } = await api.json('AmazonSQS', 'GetQueueUrl', { QueueName: queueName })
    const batch = await collect(mapping, String(queueUrl), api, () => stopped)
    if (batch.length === 0) return
    const work = deliver(mapping, String(queueUrl), batch, api)
      .catch(report)
      .finally(() => working.delete(work))
    working.add(work)
    if (working.size >= Math.min(mapping.concurrency ?? mostAtOnce, mostAtOnce)) await Promise.race(working)
  }
  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        await cycle()
      } catch (error) {
        report(error)
        await delay(pauseMs, undefined, { signal: wake.signal, ref: false }).catch(() => undefined)
      }
    }
    await Promise.all(working)
  }
  const ended = run()
  return {
    stop: () => {
      stopped = true
      wake.abort()
      return ended
    },
  }
}

/** One batch: what one receive gives, or, with a window, what comes until it ends or the batch is full. */
async function collect(
  mapping: Mapping,
  queueUrl: string,
  api: EmulatorApi,
  stopped: () => boolean,
): Promise<Message[]> {
  const batch: Message[] = []
  let bytes = 0
  let windowEndsMs = Number.POSITIVE_INFINITY
  do {
    const answer = await api.json('AmazonSQS', 'ReceiveMessage', {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(10, mapping.batchSize - batch.length),
      WaitTimeSeconds: waitSeconds,
      AttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    })
    const messages = (answer.Messages ?? []) as Message[]
    if (batch.length === 0 && messages.length > 0) windowEndsMs = Date.now() + mapping.windowSeconds * 1_000
    batch.push(...messages)
    bytes += messages.reduce((sum, message) => sum + Buffer.byteLength(message.Body), 0)
  } while (
    batch.length > 0 &&
    batch.length < mapping.batchSize &&
    bytes < largestBatchBytes &&
    Date.now() < windowEndsMs &&
    !stopped()
  )
  return batch
}

async function deliver(mapping: Mapping, queueUrl: string, batch: Message[], api: EmulatorApi): Promise<void> {
  const event = { Records: batch.map((message) => record(message, mapping.queueArn)) }
  const { payload, failed } = await api.invoke(mapping.functionName, JSON.stringify(event))
  if (failed) return // visible again after the visibility time-out
  const ids = batch.map((message) => message.MessageId)
  const succeeded = succeededOf(ids, payload, mapping.reportsFailures)
  const done = batch.filter((message) => succeeded.has(message.MessageId))
  for (let at = 0; at < done.length; at += 10) {
    const Entries = done.slice(at, at + 10).map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await api.json('AmazonSQS', 'DeleteMessageBatch', { QueueUrl: queueUrl, Entries })
  }
}

/** A record of Lambda's SQS event. Inner names of message attributes begin in lower case there. */
const record = (message: Message, queueArn: string) => ({
  messageId: message.MessageId,
  receiptHandle: message.ReceiptHandle,
  body: message.Body,
  attributes: message.Attributes ?? {},
  messageAttributes: Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [
      name,
      Object.fromEntries(
        Object.entries(fieldsOf(attribute)).map(([key, value]) => [key.charAt(0).toLowerCase() + key.slice(1), value]),
      ),
    ]),
  ),
  md5OfBody: message.MD5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn,
  awsRegion: queueArn.split(':')[3] ?? '',
})
