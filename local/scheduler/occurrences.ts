/** When a schedule is due: `rate(…)`, `cron(…)` and `at(…)`, the last two read in the schedule's time zone. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import { parseCron, wallTimes } from './cron.ts'
import type { Schedule } from './schedule.ts'
import { zoneNamed } from './zone.ts'

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * The first time later than `after`; `undefined` when there is none. A rate is counted from the schedule's creation, which is
 * its first time: without a start date, AWS invokes at once. A day of a rate is 24 hours. A flexible window fires at its start,
 * which is one of the moments that AWS may choose.
 */
export function nextOccurrence(
  { ScheduleExpression: expression, ScheduleExpressionTimezone: timezone }: Schedule,
  createdMs: EpochMs,
  after: EpochMs,
): EpochMs | undefined {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression)
  if (rate !== null) {
    const every = Number(rate[1]) * unitMs[rate[2] as keyof typeof unitMs]
    return createdMs + Math.max(0, Math.floor((after - createdMs) / every) + 1) * every
  }
  const zone = zoneNamed(timezone)
  const walls = expression.startsWith('at(')
    ? [Date.parse(`${expression.slice(3, -1)}Z`)]
    : wallTimes(parseCron(expression.slice(5, -1)), zone.wallOf(after))
  for (const wall of walls) {
    const moment = zone.momentOf(wall)
    if (moment !== undefined && moment > after) return moment
  }
  return undefined
}
