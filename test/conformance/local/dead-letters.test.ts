/** Dead letters over the real parts: what moves them back on the local cloud, and what a schedule reaches besides the machine. */
import { CreateScheduleCommand, CreateScheduleGroupCommand } from '@aws-sdk/client-scheduler'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import type { FastForwarded } from '../../../local/admin.ts'
import { exchange } from '../../../local/http.ts'
import { createRedelivery } from '../../../shared/aws/redelivery.ts'
import { createSqsDeadLetterQueue } from '../../../shared/aws/sqs-dead-letters.ts'
import { replayAll } from '../../../shared/dead-letters/replay.ts'
import { systemClock } from '../../../shared/ports/clock.ts'
import { account, createFunction, logsOf, region, sharedCloud, until } from './harness.ts'

const cloud = sharedCloud()
const arnOf = (queue: string) => `arn:aws:sqs:${region}:${account}:${queue}`
const hourMs = 3_600_000

async function createQueue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  return (await cloud.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? ''
}

/** A queue whose messages die at the first receive, and its dead letters. */
async function pair(name: string): Promise<{ source: string; dead: string }> {
  const dead = await createQueue(`${name}-dlq`)
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf(`${name}-dlq`), maxReceiveCount: 1 })
  return { dead, source: await createQueue(name, { VisibilityTimeout: '0', RedrivePolicy }) }
}

const event = (key: string) =>
  JSON.stringify({
    id: key,
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-01-02T03:04:05Z',
    detail: { bucket: { name: 'staging' }, object: { key, size: 1, etag: 'e' } },
  })

test('a message that died keeps its id and when it was sent, and is taken back without the redrive that is not there', async () => {
  const { source, dead } = await pair('replayed')
  const { MessageId } = await cloud.sqs.send(new SendMessageCommand({ QueueUrl: source, MessageBody: event('a') }))
  const receive = () => cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: source }))
  const queue = createSqsDeadLetterQueue(cloud.sqs, 'FileManager', dead)
  await until(async () => {
    await receive()
    return (await queue.depth()).waiting === 1
  })
  const [letter] = await queue.take(1)
  expect(letter).toMatchObject({ id: MessageId, body: event('a') })
  expect(Date.now() - (letter?.sent_ms ?? 0)).toBeLessThan(120_000)
  if (letter) await queue.giveBack([letter])

  const landing = await createQueue('landing')
  const redelivery = createRedelivery({
    ...cloud,
    landingQueueUrl: landing,
    stateMachineArn: 'arn:none',
    reconcileFunction: 'none',
    queueUrls: { FileManager: dead },
  })
  // AWS has it; this emulator has not, so letters go one by one. When it does, look whether they go back to their queue.
  expect(await redelivery.moveAll('FileManager')).toBeUndefined()
  const ports = {
    queues: [queue],
    sources: async () => undefined,
    stagingBucket: 'staging',
    stateMachineArn: 'arn:none',
    clock: systemClock,
    redelivery,
  }
  expect(await replayAll(ports)).toEqual({ replayed: 1, stayed: 0, reasons: [] })
  expect(await queue.depth()).toEqual({ waiting: 0, hidden: 0 })
  const { Messages } = await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: landing }))
  expect(Messages?.map(({ Body }) => Body)).toEqual([event('a')])
})

const schedule = (name: string, functionName: string) => ({
  Name: name,
  GroupName: 'lambda-targets',
  ScheduleExpression: 'rate(1 hour)',
  FlexibleTimeWindow: { Mode: 'OFF' as const },
  Target: {
    Arn: `arn:aws:lambda:${region}:${account}:function:${functionName}`,
    RoleArn: `arn:aws:iam::${account}:role/scheduler`,
    Input: '{"from":"the schedule"}',
    RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
    DeadLetterConfig: { Arn: arnOf('lambda-targets-dlq') },
  },
})

test('a schedule invokes a function without waiting for it; one that is not there is a dead letter', async () => {
  await cloud.scheduler.send(new CreateScheduleGroupCommand({ Name: 'lambda-targets' }))
  const dead = await createQueue('lambda-targets-dlq')
  await createFunction(
    cloud,
    'told',
    'export const handler = async (event) => { console.log(JSON.stringify(event)); throw new Error("late") }',
  )
  await cloud.scheduler.send(new CreateScheduleCommand(schedule('told', 'told')))
  await cloud.scheduler.send(new CreateScheduleCommand(schedule('missing', 'missing')))
  const answer = await exchange(`${cloud.cloud.endpoint}/_tidegate/fast-forward`, {
    method: 'POST',
    headers: { 'x-tidegate-local': '1' },
    body: JSON.stringify({ ms: hourMs }),
  })
  const { fired } = JSON.parse(answer.body.toString()) as FastForwarded
  // What the function then does is no failure of the delivery.
  expect(new Map(fired.map(({ schedule: name, result }) => [name, result]))).toEqual(
    new Map([
      ['told', 'started'],
      ['missing', 'dead_letter'],
    ]),
  )
  // Its log group is there once it has run.
  const lines = () => logsOf(cloud, 'told').catch(() => [])
  await until(async () => (await lines()).some((line) => line.includes('the schedule')))
  const [letter] = await createSqsDeadLetterQueue(cloud.sqs, 'Scheduler', dead).take(1)
  expect(letter).toMatchObject({
    body: '{"from":"the schedule"}',
    attributes: { ERROR_CODE: 'ResourceNotFoundException', TARGET_ARN: schedule('x', 'missing').Target.Arn },
  })
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['All'] }),
  )
  expect(Attributes?.QueueArn).toBe(arnOf('lambda-targets-dlq'))
})
