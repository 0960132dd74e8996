/** Points in time as people type them. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import { ConfigurationError } from '../../shared/errors.ts'
import { durationOf } from './duration.ts'

/** A day, or a time with its zone: without one, two machines would read two times. */
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

/** `2026-11-21` (midnight, UTC), `2026-11-21T18:00Z`, or so long before `now`: `3h`, `7d`. Throws ConfigurationError TG1544. */
export function pointInTime(text: string, now: EpochMs): EpochMs {
  const at = ISO.test(text) ? Date.parse(text) : /^\d+ ?[smhd]$/.test(text) ? now - durationOf(text) : Number.NaN
  if (at >= 0) return at
  throw new ConfigurationError(
    'TG1544',
    `\`${text}\` is no point in time. Give \`2026-11-21\`, \`2026-11-21T18:00Z\` (with its zone), or how long ago: \`3h\`, \`7d\`.`,
  )
}
