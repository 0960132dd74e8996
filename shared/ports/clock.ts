/** Time as a port, so that tests and the simulator own it. */
import type { EpochMs } from '../contracts/primitives.ts'

export interface Clock {
  now(): EpochMs
}

export const systemClock: Clock = { now: () => Date.now() }
