/**
 * Schedules are kept with every property (the emulator ignores time zone, window, retry and dead letters), checked, and fired as
 * EventBridge Scheduler documents it: here over the real parts, with time under the test's control.
 */
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler'
import { CreateStateMachineCommand, DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn'
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { describe, expect, test } from 'vitest'
import type { FastForwarded } from '../../../local/admin.ts'
import { exchange } from '../../../local/http.ts'
import { ManualClock } from '../../unit/local/scheduler-clock.ts'
import { account, region, sharedCloud, until } from './harness.ts'

// The evening before Central Europe puts its clocks forward: 02:30 does not exist on the 29th.
const clock = new ManualClock('2026-03-28T20:00:00Z')
const cloud = sharedCloud({ schedules: true, schedulerClock: clock })

const schedule = {
  Name: 'nightly',
  GroupName: 'tidegate-local',
  State: 'ENABLED',
  Description: 'Starts the machine for the tables of nightly',
  ScheduleExpression: 'cron(0 3 * * ? *)',
  ScheduleExpressionTimezone: 'Europe/Berlin',
  FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
  Target: {
    Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
    RoleArn: `arn:aws:iam::${account}:role/scheduler`,
    Input: JSON.stringify({ Name: '<aws.scheduler.execution-id>', Input: '{}' }),
    RetryPolicy: { MaximumRetryAttempts: 20, MaximumEventAgeInSeconds: 900 },
    DeadLetterConfig: { Arn: `arn:aws:sqs:${region}:${account}:scheduler-dlq` },
  },
} satisfies CreateScheduleCommandInput

test('a schedule needs its group, is given back whole, listed, changed and deleted', async () => {
  const create = () => cloud.scheduler.send(new CreateScheduleCommand(schedule))
  await expect(create()).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await cloud.scheduler.send(new CreateScheduleGroupCommand({ Name: schedule.GroupName }))
  expect((await create()).ScheduleArn).toBe(`arn:aws:scheduler:${region}:${account}:schedule/tidegate-local/nightly`)
  await expect(create()).rejects.toMatchObject({ name: 'ConflictException' })

  const { Name, GroupName } = schedule
  expect(await cloud.scheduler.send(new GetScheduleCommand({ Name, GroupName }))).toMatchObject(schedule)
  await expect(cloud.scheduler.send(new GetScheduleCommand({ Name }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
  const { Schedules } = await cloud.scheduler.send(new ListSchedulesCommand({ GroupName }))
  expect(Schedules).toMatchObject([{ Name, GroupName, State: 'ENABLED' }])

  const changed = { ...schedule, ScheduleExpression: 'rate(2 hours)' }
  await cloud.scheduler.send(new UpdateScheduleCommand(changed))
  expect(await cloud.scheduler.send(new GetScheduleCommand({ Name, GroupName }))).toMatchObject(changed)
  await cloud.scheduler.send(new DeleteScheduleCommand({ Name, GroupName }))
  expect((await cloud.scheduler.send(new ListSchedulesCommand({}))).Schedules).toEqual([])
})

test('a schedule that AWS would refuse is refused', async () => {
  const wrong = { ...schedule, GroupName: 'default', ScheduleExpression: 'cron(0 3 * * *)' }
  await expect(cloud.scheduler.send(new CreateScheduleCommand(wrong))).rejects.toMatchObject({
    name: 'ValidationException',
  })
})

const minute = 60_000

/** A machine whose executions end with their input, and a schedule group. */
async function deploy(name: string): Promise<string> {
  await cloud.scheduler.send(new CreateScheduleGroupCommand({ Name: name }))
  const { stateMachineArn } = await cloud.sfn.send(
    new CreateStateMachineCommand({
      name,
      roleArn: `arn:aws:iam::${account}:role/machine`,
      definition: JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'S', States: { S: { Type: 'Succeed' } } }),
    }),
  )
  return stateMachineArn ?? ''
}

const put = (group: string, machine: string, changes: Partial<CreateScheduleCommandInput> = {}) => ({
  ...schedule,
  GroupName: group,
  ...changes,
  Target: {
    ...schedule.Target,
    Input: JSON.stringify({
      StateMachineArn: machine,
      Name: '<aws.scheduler.execution-id>',
      Input: JSON.stringify({ at: '<aws.scheduler.scheduled-time>', of: '<aws.scheduler.schedule-arn>' }),
    }),
    ...changes.Target,
  } as CreateScheduleCommandInput['Target'],
})

const executionsOf = async (stateMachineArn: string) =>
  (await cloud.sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? []

const admin = (path: string, headers: Record<string, string>, method = 'POST', body?: object) =>
  exchange(`${cloud.cloud.endpoint}/_tidegate/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

async function fastForward(ms: number): Promise<FastForwarded> {
  const { status, body } = await admin('fast-forward', { 'x-tidegate-local': '1' }, 'POST', { ms })
  expect([status, status === 200 ? '' : body.toString()]).toEqual([200, ''])
  return JSON.parse(body.toString())
}

describe('firing', () => {
  test('time that passes starts the machine under the execution id, with the input of the schedule', async () => {
    const machine = await deploy('rated')
    await cloud.scheduler.send(new CreateScheduleCommand(put('rated', machine, { ScheduleExpression: 'rate(1 hour)' })))
    await clock.advance(minute)
    const [started] = await until(async () => (await executionsOf(machine)).length === 1 && executionsOf(machine))
    expect(started?.name).toMatch(/^[0-9a-f]{16}$/)
    const { input } = await cloud.sfn.send(new DescribeExecutionCommand({ executionArn: started?.executionArn ?? '' }))
    const of = `arn:aws:scheduler:${region}:${account}:schedule/rated/nightly`
    expect(JSON.parse(input ?? '')).toEqual({ at: '2026-03-28T20:00:00Z', of })
    await cloud.scheduler.send(new DeleteScheduleCommand({ Name: 'nightly', GroupName: 'rated' }))
  })

  test('a cron follows its zone, skips the hour that spring leaves out; a disabled one stays silent', async () => {
    const machine = await deploy('zoned')
    const cron = (Name: string, time: string, more: Partial<CreateScheduleCommandInput> = {}) =>
      cloud.scheduler.send(
        new CreateScheduleCommand(
          put('zoned', machine, { Name, ScheduleExpression: `cron(${time} * * ? *)`, ...more }),
        ),
      )
    await cron('half-past-two', '30 2')
    await cron('three', '0 3')
    await cron('off', '0 3', { State: 'DISABLED' })
    const { fired } = await fastForward(2 * 24 * 60 * minute)
    expect(fired.map((one) => `${one.schedule} ${one.scheduled_time} ${one.result}`)).toEqual([
      'three 2026-03-29T01:00:00Z started',
      'half-past-two 2026-03-30T00:30:00Z started',
      'three 2026-03-30T01:00:00Z started',
    ])
    expect(await executionsOf(machine)).toHaveLength(3)
    for (const Name of ['half-past-two', 'three'])
      await cloud.scheduler.send(new UpdateScheduleCommand(put('zoned', machine, { Name, State: 'DISABLED' })))
  })

  test('a start that fails beyond its policy is a message in the dead-letter queue', async () => {
    const machine = await deploy('failing')
    const queue = await cloud.sqs.send(new CreateQueueCommand({ QueueName: 'scheduler-dlq' }))
    const missing = `${machine}-that-is-gone`
    await cloud.scheduler.send(
      new CreateScheduleCommand(put('failing', missing, { ScheduleExpression: 'cron(30 22 * * ? *)' })),
    )
    const { fired } = await fastForward(60 * minute)
    expect(fired).toMatchObject([{ schedule: 'nightly', result: 'dead_letter', attempts: 20 }]) // 900 s of backing off
    const received = await cloud.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queue.QueueUrl, MessageAttributeNames: ['All'] }),
    )
    const [message] = received.Messages ?? []
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ StateMachineArn: missing })
    expect(message?.MessageAttributes).toMatchObject({
      ERROR_CODE: { StringValue: 'StateMachineDoesNotExist' },
      EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumEventAgeInSeconds' },
      SCHEDULE_ARN: { StringValue: `arn:aws:scheduler:${region}:${account}:schedule/failing/nightly` },
      TARGET_ARN: { StringValue: schedule.Target.Arn },
    })
  })
})

describe('the routes of the local cloud', () => {
  test('are closed to pages of other origins, also to their question whether they may', async () => {
    const statuses = await Promise.all(
      [
        admin('fast-forward', {}, 'POST', { ms: 1 }),
        admin('fast-forward', { 'x-tidegate-local': '1', origin: 'http://evil.example' }, 'POST', { ms: 1 }),
        admin('fast-forward', { 'x-tidegate-local': '1', host: 'evil.example' }, 'POST', { ms: 1 }),
        admin('fast-forward', { origin: 'http://evil.example', 'access-control-request-method': 'POST' }, 'OPTIONS'),
      ].map(async (answer) => [(await answer).status, (await answer).headers['access-control-allow-origin']]),
    )
    expect(statuses).toEqual(Array.from({ length: 4 }, () => [403, undefined]))
  })

  test('tell what runs', async () => {
    const { body } = await admin('status', { 'x-tidegate-local': '1' }, 'GET')
    expect(JSON.parse(body.toString())).toMatchObject({
      emulator: { healthy: true },
      executions: { running: 0 },
      job_runs: { running: 0, waiting: 0 },
      queues: [{ name: 'scheduler-dlq', visible: 0, in_flight: 1 }],
      scheduler: { firing: true },
    })
  })
})
