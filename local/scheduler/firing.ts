/**
 * Fires schedules by a clock of its own, which `fastForward` moves on: what was due in that time is fired in its order.
 *
 *     ───────── fired, or passed by ─────────┬─ mark ── due ── due ──┬─►
 *                                            └ a schedule fires what lies between its mark and now
 *
 * The mark begins with the start of the local cloud: what was due while it was down, or while the machine slept, is not made
 * up (AWS is never down).
 */
import { randomBytes } from 'node:crypto'
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import { messageOf } from '../../shared/errors.ts'
import { ServiceError } from '../protocol.ts'
import type { SleepingClock } from '../step-functions/ports.ts'
import { type Delivered, type DeliveryPorts, deliver, timeText } from './delivery.ts'
import { nextOccurrence } from './occurrences.ts'
import type { Schedule } from './schedule.ts'

export interface Kept {
  schedule: Schedule
  createdMs: EpochMs
  changedMs: EpochMs
}

export interface FiringOptions {
  schedules: readonly Kept[]
  arnOf(schedule: Schedule): string
  clock: SleepingClock
  /** Where the scheduler's clock stands against `clock`, milliseconds; changed by `fastForward`. */
  ahead: { ms: number; save(): void }
  /** Whether time that really passes fires. */
  enabled: boolean
  target: Pick<DeliveryPorts, 'invoke' | 'sendDeadLetter'>
  report(message: string): void
}

export type Fired = Delivered & { schedule: string; group: string; scheduled_time: string }

export interface Firing {
  now(): EpochMs
  /** A schedule came, changed or went. `created`: its own moment may be one of its times. */
  changed(created?: Kept): void
  nextOf(kept: Kept): EpochMs | undefined
  /**
   * Moves the clock on by `ms`, and resolves when all that was due has been delivered or given up. Retries wait in that time
   * too. Throws ServiceError, and does nothing, for over a thousand starts.
   */
  fastForward(ms: number): Promise<Fired[]>
  /** Nothing fires any more; attempts that wait are let go. */
  stop(): Promise<void>
}

interface Due {
  kept: Kept
  at: EpochMs
}

/** Executions that one fast-forward may start: more is a slip of the hand. */
const mostAtOnce = 1_000
const tooMany = (): ServiceError =>
  new ServiceError('ValidationException', `that time has over \`${mostAtOnce}\` starts. Fast-forward by less.`)

/** A schedule that comes to us by another way than through `changed` is seen after at most so long. */
const longestSleepMs = 60_000

export function startFiring(options: FiringOptions): Firing {
  const { clock, ahead, target, report } = options
  const now = (): EpochMs => clock.now() + ahead.ms
  const ending = new AbortController()
  const atWork = new Set<Promise<unknown>>()
  let marks = new WeakMap<Kept, EpochMs>()
  let mark = now()
  let waking = new AbortController()

  const markOf = (kept: Kept): EpochMs => marks.get(kept) ?? mark
  const nextOf = (kept: Kept, after = now()): EpochMs | undefined =>
    kept.schedule.State === 'ENABLED' ? nextOccurrence(kept.schedule, kept.createdMs, after) : undefined
  /** Everything up to then counts as fired. */
  const passTo = (until: EpochMs): void => {
    mark = until
    marks = new WeakMap()
  }
  /** In order of time. */
  const dueUntil = (until: EpochMs): Due[] => {
    const due: Due[] = []
    for (const kept of options.schedules)
      for (let at = nextOf(kept, markOf(kept)); at !== undefined && at <= until; at = nextOf(kept, at)) {
        due.push({ kept, at })
        if (due.length > mostAtOnce) throw tooMany()
      }
    return due.sort((a, b) => a.at - b.at)
  }
  const fire = async ({ kept, at }: Due, time: Pick<DeliveryPorts, 'now' | 'sleep'>) => {
    const { schedule } = kept
    const invocation = { schedule, arn: options.arnOf(schedule), scheduledMs: at, executionId: newExecutionId() }
    const delivered = await deliver(invocation, { ...target, ...time })
    const failure = delivered.result === 'started' ? '' : ` (${delivered.error})`
    report(`schedule \`${schedule.Name}\` of ${timeText(at)}: ${delivered.result}${failure}`)
    return { schedule: schedule.Name, group: schedule.GroupName, scheduled_time: timeText(at), ...delivered }
  }

  const realTime = { now, sleep: (ms: number) => clock.sleep(ms, ending.signal) }
  const fireInBackground = (until: EpochMs): void => {
    if (until - mark > 2 * longestSleepMs) passTo(until) // the machine slept
    const all = dueUntil(until)
    passTo(until)
    for (const due of all) {
      const work = fire(due, realTime)
        .catch((error: unknown) => {
          if (!ending.signal.aborted) report(`schedule \`${due.kept.schedule.Name}\`: ${messageOf(error)}`)
        })
        .finally(() => atWork.delete(work))
      atWork.add(work)
    }
  }
  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      fireInBackground(now())
      const next = Math.min(...options.schedules.map((kept) => nextOf(kept, markOf(kept)) ?? Number.POSITIVE_INFINITY))
      const sleep = clock.sleep(Math.min(longestSleepMs, Math.max(0, next - now())), waking.signal)
      await sleep.catch(() => undefined) // woken: a schedule or the clock has changed, or we end
    }
  }
  const wake = (): void => {
    waking.abort()
    waking = new AbortController()
  }
  const looping = options.enabled ? loop() : Promise.resolve()

  return {
    now,
    nextOf: (kept) => nextOf(kept),
    changed(created) {
      if (created !== undefined) marks.set(created, created.createdMs - 1)
      wake()
    },
    async fastForward(ms) {
      if (!options.enabled) passTo(now())
      const until = now() + ms
      const due = dueUntil(until)
      passTo(until)
      ahead.ms += ms
      ahead.save()
      wake()
      const fired: Fired[] = []
      for (const one of due) fired.push(await fire(one, timeFrom(one.at)))
      return fired
    },
    async stop() {
      ending.abort(new Error('the local cloud stops'))
      wake()
      await looping
      await Promise.all(atWork)
    },
  }
}

/** A clock of one delivery: its waits take no time, but count. */
function timeFrom(start: EpochMs): Pick<DeliveryPorts, 'now' | 'sleep'> {
  let now = start
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms
    },
  }
}

const newExecutionId = (): string => randomBytes(8).toString('hex')
