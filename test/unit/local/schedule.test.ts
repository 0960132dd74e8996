import { expect, test } from 'vitest'
import { checkSchedule } from '../../../local/scheduler/schedule.ts'

const schedule = {
  Name: '10_min_refresh',
  GroupName: 'tidegate-dev',
  State: 'ENABLED',
  ScheduleExpression: 'rate(10 minutes)',
  ScheduleExpressionTimezone: 'Europe/Berlin',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: {
    Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
    RoleArn: 'arn:aws:iam::000000000000:role/scheduler',
    Input: JSON.stringify({ Name: '<aws.scheduler.execution-id>', Input: '{"refresh_cadence":"10_min_refresh"}' }),
    RetryPolicy: { MaximumRetryAttempts: 20, MaximumEventAgeInSeconds: 900 },
    DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:scheduler-dlq' },
  },
}

test('a schedule as the template has it is kept as it is', () => {
  expect(checkSchedule(schedule)).toEqual(schedule)
})

test('what is left away gets the defaults of the service', () => {
  const { Arn, RoleArn } = schedule.Target
  const { Name, ScheduleExpression, FlexibleTimeWindow } = schedule
  expect(checkSchedule({ Name, ScheduleExpression, FlexibleTimeWindow, Target: { Arn, RoleArn } })).toMatchObject({
    GroupName: 'default',
    State: 'ENABLED',
    ScheduleExpressionTimezone: 'UTC',
    Target: { RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 } },
  })
})

test.each([
  'rate(1 minute)',
  'rate(5 hours)',
  'cron(0 3 * * ? *)',
  'cron(0/15 8-18 ? * MON-FRI *)',
  'cron(30 6 L JAN,JUL ? 2026-2030)',
  'cron(0 9 ? * 2#1 *)',
  'at(2030-01-31T03:00:00)',
])('expression %s is accepted', (ScheduleExpression) => {
  expect(checkSchedule({ ...schedule, ScheduleExpression }).ScheduleExpression).toBe(ScheduleExpression)
})

test.each([
  'rate(0 minutes)',
  'rate(10 min)',
  'rate(1.5 hours)',
  'cron(0 3 * * *)',
  'cron(0 3 * * * *)',
  'cron(0 3 ? * ? *)',
  'cron(x 3 * * ? *)',
  'at(tomorrow)',
  '10 minutes',
  '',
])('expression %j is refused by its text', (ScheduleExpression) => {
  expect(() => checkSchedule({ ...schedule, ScheduleExpression })).toThrow(`\`${JSON.stringify(ScheduleExpression)}\``)
})

test.each([
  ['ScheduleExpressionTimezone', 'Mars/Olympus'],
  ['FlexibleTimeWindow', { Mode: 'FLEXIBLE' }],
  ['FlexibleTimeWindow', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1441 }],
  ['FlexibleTimeWindow', undefined],
  ['State', 'PAUSED'],
  ['Name', 'a b'],
  ['EndDate', '2030-01-01'],
  ['Target', { ...schedule.Target, RetryPolicy: { MaximumRetryAttempts: 186 } }],
  ['Target', { ...schedule.Target, RetryPolicy: { MaximumEventAgeInSeconds: 59 } }],
  ['Target', { ...schedule.Target, DeadLetterConfig: { Arn: 'dlq' } }],
  ['Target', { ...schedule.Target, EcsParameters: {} }],
  ['Target', { ...schedule.Target, Input: 'no json' }],
])('%s %j is refused', (field, value) => {
  expect(() => checkSchedule({ ...schedule, [field]: value })).toThrow(field)
})

test('a name with colons in it, which the machine would refuse each time, is refused here', () => {
  const Input = JSON.stringify({ Name: 'run-<aws.scheduler.scheduled-time>' })
  expect(() => checkSchedule({ ...schedule, Target: { ...schedule.Target, Input } })).toThrow(
    '<aws.scheduler.execution-id>',
  )
})
