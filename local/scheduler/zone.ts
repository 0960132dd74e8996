/** Wall time of a time zone and back, with daylight saving time as EventBridge Scheduler documents it. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'

/** A wall time written as if it were UTC, in milliseconds: so that fields and days are reckoned without any zone. */
export type WallMs = number

export interface Zone {
  wallOf(time: EpochMs): WallMs
  /** The first moment that has this wall time: in autumn's repeated hour a schedule runs once. `undefined` in spring's missing hour: it is skipped. */
  momentOf(wall: WallMs): EpochMs | undefined
}

const dayMs = 86_400_000

/** `name` is an IANA name that was checked. */
export function zoneNamed(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const wallOf = (time: EpochMs): WallMs => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
    const field = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
    const milliseconds = ((time % 1000) + 1000) % 1000
    return (
      Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'), field('second')) +
      milliseconds
    )
  }
  const offsetAt = (time: EpochMs): number => wallOf(time) - time
  return {
    wallOf,
    momentOf(wall) {
      // No zone changes twice within two days: the offset is the one before, or the one after.
      const moments = [offsetAt(wall - dayMs), offsetAt(wall + dayMs)].map((offset) => wall - offset)
      return moments.filter((moment) => wallOf(moment) === wall).sort((a, b) => a - b)[0]
    },
  }
}
