/** A clock that stands still until it is moved. */
import type { EpochMs } from '../contracts/primitives.ts'
import type { Clock } from '../ports/clock.ts'

export interface MemoryClock extends Clock {
  advance(milliseconds: number): void
}

export function createMemoryClock(startMs: EpochMs = Date.UTC(2023, 10, 18, 10, 10)): MemoryClock {
  let now = startMs
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds
    },
  }
}
