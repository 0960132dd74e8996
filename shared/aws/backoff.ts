/** Bounded waiting between our own attempts, where the SDK's do not reach: conflicts, and keys that were not processed. */
import { setTimeout as delay } from 'node:timers/promises'

/** Waits before attempt `attempt + 1`; the first is 1. Tests give one that does not wait. */
export type Pause = (attempt: number) => Promise<void>

/** Attempts of one call before it is given up as transient. */
export const attemptsAtMost = 12

const baseMs = 20
const capMs = 1_000

/** Full jitter: anywhere up to 20 ms, 40 ms, … 1 s, so that contenders drift apart. */
export const fullJitter: Pause = async (attempt) => {
  await delay(Math.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)))
}
