/** Schedules are kept with every property (the emulator ignores time zone, window, retry and dead letters), checked, and not fired. */
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler'
import { expect, test } from 'vitest'
import { account, region, sharedCloud } from './harness.ts'

const cloud = sharedCloud()

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
