/** The scheduler with a clock of the test's: what fires, what it sends, and what becomes of a target that refuses. */
import { afterEach, describe, expect, test } from 'vitest'
import { openScheduler, type Scheduler, type SchedulerOptions } from '../../../local/scheduler/facade.ts'
import { ManualClock } from './scheduler-clock.ts'

const minute = 60_000
const start = '2026-01-01T10:00:00Z'
const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:m'

const open: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.stop()
})

interface Setup extends Partial<SchedulerOptions> {
  clock?: ManualClock
  /** Says why the target refuses its nth call, from 1; `undefined` accepts. */
  refuses?: (call: number) => string | undefined
}

function scheduler({ clock = new ManualClock(start), refuses = () => undefined, ...options }: Setup = {}) {
  const started: { input: string; at: string }[] = []
  const dead: { queue: string; body: string; attributes: Record<string, string> }[] = []
  const reports: string[] = []
  const opened = openScheduler({
    api: { exists: async () => true },
    clock,
    enabled: true,
    report: (message) => reports.push(message),
    target: {
      async invoke(_, input) {
        started.push({ input, at: new Date(clock.now()).toISOString().slice(0, 19) })
        const refusal = refuses(started.length)
        if (refusal !== undefined) throw Object.assign(new Error(refusal), { name: 'Refused' })
        return `execution-${started.length}`
      },
      sendDeadLetter: async (queue, body, attributes) => void dead.push({ queue, body, attributes }),
    },
    ...options,
  })
  open.push(opened)
  const send = (method: string, name: string, body: object) =>
    opened.handler({ method, path: `/schedules/${name}`, query: new URLSearchParams(), headers: {}, body })
  const put = (name: string, changes: object = {}, method = 'POST') =>
    send(method, name, {
      ScheduleExpression: 'rate(10 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ...changes,
      Target: {
        Arn: machine,
        RoleArn: 'arn:aws:iam::000000000000:role/x',
        Input: '{"time":"<aws.scheduler.scheduled-time>"}',
        ...('Target' in changes ? (changes.Target as object) : {}),
      },
    })
  return { ...opened, clock, put, started, dead, reports, times: () => started.map(({ at }) => at.slice(11, 16)) }
}

describe('time that passes', () => {
  test('fires a rate at its creation and from then on', async () => {
    const { put, clock, times } = scheduler()
    await clock.advance(3 * minute)
    await put('a')
    await clock.advance(25 * minute)
    expect(times()).toEqual(['10:03', '10:13', '10:23'])
  })

  test('fires a cron in its zone, at the start of its flexible window', async () => {
    const { put, clock, started } = scheduler()
    await put('nightly', {
      ScheduleExpression: 'cron(0 3 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
    })
    await clock.advance(24 * 60 * minute)
    expect(started).toEqual([{ input: '{"time":"2026-01-02T02:00:00Z"}', at: '2026-01-02T02:00:00' }])
  })

  test('does not fire a disabled schedule, nor what was due before it was enabled again', async () => {
    const { put, clock, times } = scheduler()
    await put('a', { State: 'DISABLED' })
    await clock.advance(25 * minute)
    expect(times()).toEqual([])
    await put('a', { State: 'ENABLED' }, 'PUT')
    await clock.advance(10 * minute)
    expect(times()).toEqual(['10:30'])
  })

  test('does not make up what was due while the machine slept', async () => {
    const { put, clock, times } = scheduler()
    await put('a')
    await clock.advance(minute)
    clock.suspend(7 * 24 * 60 * minute)
    await clock.advance(20 * minute)
    expect(times()).toEqual(['10:00', '10:10', '10:20'])
  })

  test('fires nothing when firing is off', async () => {
    const { put, clock, times } = scheduler({ enabled: false })
    await put('a')
    await clock.advance(60 * minute)
    expect(times()).toEqual([])
  })
})

describe('fast-forward', () => {
  test('fires in order what is due in that time, and the clock goes on from there', async () => {
    const { put, fastForward, clock, overview } = scheduler({ enabled: false })
    await put('a')
    await clock.advance(minute)
    await put('b', { ScheduleExpression: 'rate(5 minutes)' })
    await clock.advance(minute)
    const times = async (ms: number) =>
      (await fastForward(ms)).map((fired) => `${fired.schedule} ${fired.scheduled_time.slice(11, 16)} ${fired.result}`)
    expect(await times(10 * minute)).toEqual(['b 10:06 started', 'a 10:10 started', 'b 10:11 started'])
    expect(await times(8 * minute)).toEqual(['b 10:16 started', 'a 10:20 started'])
    expect(overview()).toMatchObject({ firing: false, ahead_ms: 18 * minute })
    expect(overview().schedules[0]).toMatchObject({ name: 'a', next_ms: Date.parse('2026-01-01T10:30:00Z') })
  })

  test('and time that passes never fire the same time twice', async () => {
    const { put, fastForward, clock, started } = scheduler()
    await put('a')
    await clock.advance(minute)
    await fastForward(10 * minute)
    await clock.advance(10 * minute)
    expect(started.map(({ input }) => JSON.parse(input).time.slice(11, 16))).toEqual(['10:00', '10:10', '10:20'])
  })

  test('over more than a thousand starts does nothing', async () => {
    const { put, fastForward, overview, started } = scheduler({ enabled: false })
    await put('a', { ScheduleExpression: 'rate(1 minute)' })
    await expect(fastForward(1_001 * minute)).rejects.toMatchObject({ name: 'ValidationException' })
    expect([started.length, overview().ahead_ms]).toEqual([0, 0])
  })

  test('waits between attempts in the time that it skips', async () => {
    const { put, fastForward, started } = scheduler({ enabled: false, refuses: (n) => (n < 4 ? 'not yet' : undefined) })
    await put('a')
    expect(await fastForward(10 * minute)).toMatchObject([{ result: 'started', attempts: 4 }])
    expect(started).toHaveLength(4)
  })
})

describe('an invocation', () => {
  const input =
    '{"name":"<aws.scheduler.execution-id>","of":"<aws.scheduler.schedule-arn>","at":"<aws.scheduler.scheduled-time>","n":"<aws.scheduler.attempt-number>","other":"<aws.scheduler.x>"}'

  test('has the context attributes; all attempts have one execution id, and two invocations have two', async () => {
    const { put, fastForward, started } = scheduler({ enabled: false, refuses: (n) => (n === 1 ? 'no' : undefined) })
    await put('a', { Target: { Input: input } })
    await fastForward(20 * minute)
    const [first, again, second] = started.map((call) => JSON.parse(call.input))
    expect(first).toEqual({
      name: expect.stringMatching(/^[0-9a-f]{16}$/),
      of: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/a',
      at: '2026-01-01T10:10:00Z',
      n: '1',
      other: '<aws.scheduler.x>',
    })
    expect(again).toEqual({ ...first, n: '2' })
    expect(second.name).not.toBe(first.name)
  })

  const DeadLetterConfig = { Arn: 'arn:aws:sqs:us-east-1:000000000000:dlq' }

  test('that fails more often than the policy allows is a dead letter', async () => {
    const { put, clock, started, dead, reports } = scheduler({ refuses: () => 'no such machine' })
    const RetryPolicy = { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 900 }
    await put('a', { Target: { RetryPolicy, DeadLetterConfig } })
    await clock.advance(9 * minute)
    expect(started).toHaveLength(3)
    expect(dead).toEqual([
      {
        queue: DeadLetterConfig.Arn,
        body: '{"time":"2026-01-01T10:00:00Z"}',
        attributes: {
          ERROR_CODE: 'Refused',
          ERROR_MESSAGE: 'no such machine',
          EXECUTION_ID: expect.stringMatching(/^[0-9a-f]{16}$/),
          EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
          IS_PAYLOAD_TRUNCATED: 'false',
          RETRY_ATTEMPTS: '2',
          SCHEDULED_TIME: '2026-01-01T10:00:00Z',
          SCHEDULE_ARN: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/a',
          TARGET_ARN: machine,
        },
      },
    ])
    expect(reports.join()).toContain('no such machine')
  })

  test('that gets too old is one too', async () => {
    const { put, clock, started, dead } = scheduler({ refuses: () => 'no' })
    await put('a', { Target: { RetryPolicy: { MaximumEventAgeInSeconds: 60 }, DeadLetterConfig } })
    await clock.advance(9 * minute)
    expect(started.map(({ at }) => at.slice(14))).toEqual(['00:00', '00:01', '00:03', '00:07', '00:15', '00:31'])
    expect(dead.map(({ attributes }) => attributes.EXHAUSTED_RETRY_CONDITION)).toEqual(['MaximumEventAgeInSeconds'])
  })
})

test('stopping lets go of attempts that wait', async () => {
  const { put, clock, stop, started } = scheduler({ refuses: () => 'no' })
  await put('a')
  await clock.advance(2_000)
  await stop()
  const before = started.length
  await clock.advance(60 * minute)
  expect(started).toHaveLength(before)
})
