/** When schedules are due. The expected times were worked out by hand from calendars and the zones' own rules. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextOccurrence } from '../../../local/scheduler/occurrences.ts'
import { checkSchedule } from '../../../local/scheduler/schedule.ts'
import { zoneNamed } from '../../../local/scheduler/zone.ts'

function times(expression: string, zone: string, after: string, count: number, created = after): string[] {
  const schedule = checkSchedule({
    Name: 'x',
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: zone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution', RoleArn: 'arn:aws:iam::000000000000:role/x' },
  })
  const found: string[] = []
  let at: number | undefined = Date.parse(after)
  while (found.length < count) {
    at = nextOccurrence(schedule, Date.parse(created), at)
    if (at === undefined) break
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'))
  }
  return found
}

describe('a rate', () => {
  test('is counted from the creation, which is its first time', () => {
    const created = '2026-01-01T10:07:00Z'
    expect(times('rate(10 minutes)', 'UTC', '2026-01-01T10:06:59Z', 2, created)).toEqual([
      '2026-01-01T10:07Z',
      '2026-01-01T10:17Z',
    ])
    expect(times('rate(10 minutes)', 'UTC', '2026-03-04T00:00:00Z', 1, created)).toEqual(['2026-03-04T00:07Z'])
  })

  test('of a day is 24 hours, also over the change of the clocks', () => {
    expect(times('rate(1 day)', 'Europe/Berlin', '2026-03-28T02:00:00Z', 2)).toEqual([
      '2026-03-29T02:00Z',
      '2026-03-30T02:00Z',
    ])
  })
})

test.each([
  [
    'keeps its wall time over both changes',
    'cron(0 3 * * ? *)',
    'Europe/Berlin',
    '2026-03-27T12:00:00Z',
    ['2026-03-28T02:00Z', '2026-03-29T01:00Z', '2026-03-30T01:00Z'],
  ],
  [
    'is skipped where the spring has no such hour',
    'cron(30 2 * * ? *)',
    'Europe/Berlin',
    '2026-03-27T12:00:00Z',
    ['2026-03-28T01:30Z', '2026-03-30T00:30Z'],
  ],
  [
    'comes once in the hour that the autumn repeats',
    'cron(30 2 * * ? *)',
    'Europe/Berlin',
    '2026-10-23T12:00:00Z',
    ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ],
  [
    'the same on the other side of Greenwich',
    'cron(30 1 * * ? *)',
    'America/New_York',
    '2026-10-31T12:00:00Z',
    ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  ],
  [
    'where half an hour is the change',
    'cron(0 12 * * ? *)',
    'Australia/Lord_Howe',
    '2026-10-02T12:00:00Z',
    ['2026-10-03T01:30Z', '2026-10-04T01:00Z'],
  ],
  [
    'minutes by step, on weekdays only',
    'cron(0/30 17-18 ? * MON-FRI *)',
    'UTC',
    '2026-08-14T17:45:00Z',
    ['2026-08-14T18:00Z', '2026-08-14T18:30Z', '2026-08-17T17:00Z'],
  ],
  [
    'last day of the month',
    'cron(0 0 L * ? *)',
    'UTC',
    '2028-01-31T00:00:00Z',
    ['2028-02-29T00:00Z', '2028-03-31T00:00Z'],
  ],
  ['weekday nearest to the 15th', 'cron(0 0 15W * ? 2026)', 'UTC', '2026-02-01T00:00:00Z', ['2026-02-16T00:00Z']],
  ['a Saturday gives the Friday before', 'cron(0 0 15W 8 ? *)', 'UTC', '2026-08-01T00:00:00Z', ['2026-08-14T00:00Z']],
  ['never back into the month before', 'cron(0 0 1W 8 ? *)', 'UTC', '2026-07-01T00:00:00Z', ['2026-08-03T00:00Z']],
  ['never on into the next month', 'cron(0 0 31W 5 ? *)', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-29T00:00Z']],
  ['last weekday', 'cron(0 0 LW 5 ? *)', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-29T00:00Z']],
  ['last Friday', 'cron(0 0 ? 8 6L *)', 'UTC', '2026-08-01T00:00:00Z', ['2026-08-28T00:00Z']],
  ['first Monday, by its name too', 'cron(0 0 ? 8 MON#1 *)', 'UTC', '2026-08-01T00:00:00Z', ['2026-08-03T00:00Z']],
  [
    'a fifth Monday waits for a month that has one',
    'cron(0 0 ? * 2#5 *)',
    'UTC',
    '2026-07-01T00:00:00Z',
    ['2026-08-31T00:00Z'],
  ],
  [
    'months by name, years by range',
    'cron(30 6 1 JAN,JUL ? 2026-2027)',
    'UTC',
    '2026-07-02T00:00:00Z',
    ['2027-01-01T06:30Z', '2027-07-01T06:30Z'],
  ],
  ['a day that never is', 'cron(0 0 30 2 ? *)', 'UTC', '2026-01-01T00:00:00Z', []],
  ['a moment, once', 'at(2026-07-01T12:00:00)', 'Europe/Berlin', '2026-01-01T00:00:00Z', ['2026-07-01T10:00Z']],
])('%s: %s in %s', (_, expression, zone, after, expected) => {
  expect(times(expression, zone, after, Math.max(1, expected.length)).slice(0, expected.length + 1)).toEqual(expected)
})

test.each([
  'cron(60 3 * * ? *)',
  'cron(0 24 * * ? *)',
  'cron(0 3 0 * ? *)',
  'cron(0 3 32W * ? *)',
  'cron(0 3 ? * 8 *)',
  'cron(0 3 ? * MON-SUN *)',
  'cron(0 3 ? * 2#6 *)',
  'cron(0/0 3 * * ? *)',
  'cron(0 3 * 13 ? *)',
  'cron(0 3 * * ? 1969)',
  'cron(10-5 3 * * ? *)',
  'at(2026-13-01T00:00:00)',
])('%s is refused', (expression) => {
  expect(() => times(expression, 'UTC', '2026-01-01T00:00:00Z', 1)).toThrow('ScheduleExpression')
})

test('in every zone the first moment of a wall time has it, and is not later than any other', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia']
  const moment = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) })
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, (name, time) => {
      const zone = zoneNamed(name)
      const first = zone.momentOf(zone.wallOf(time))
      expect(first).toBeLessThanOrEqual(time)
      expect(zone.wallOf(first ?? Number.NaN)).toBe(zone.wallOf(time))
    }),
  )
})
