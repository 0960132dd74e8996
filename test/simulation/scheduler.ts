/** Who goes next: every step of every process waits here for its turn, and the seed picks. Time is virtual. */
import type { MemoryClock } from '../../shared/memory/clock.ts'
import type { Random } from './random.ts'

interface Sleeper {
  readonly untilMs: number
  readonly wake: () => void
}

/** A step takes up to this long. */
const STEP_MS = 400

export class Scheduler {
  readonly #clock: MemoryClock
  readonly #random: Random
  readonly #ready: (() => void)[] = []
  #sleepers: Sleeper[] = []
  #nextWakeMs = Number.POSITIVE_INFINITY
  steps = 0

  constructor(clock: MemoryClock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** Resolves when this step is picked. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#ready.push(resolve))
  }

  /** Resolves at a turn after `ms` of virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      const untilMs = this.#clock.now() + ms
      this.#sleepers.push({ untilMs, wake })
      this.#nextWakeMs = Math.min(this.#nextWakeMs, untilMs)
    })
  }

  /**
   * Runs until nobody waits any more; false if that took more than `limit` steps. A step's own promises are settled before
   * the next is picked: a tick that a microtask asks for comes when no microtask is left.
   */
  run(limit: number): Promise<boolean> {
    const last = this.steps + limit
    return new Promise((resolve) => {
      const next = () => {
        const go = this.#pick()
        if (!go) return resolve(true)
        if (this.steps >= last) return resolve(false)
        this.steps += 1
        go()
        queueMicrotask(later)
      }
      const later = () => process.nextTick(next)
      later()
    })
  }

  #pick(): (() => void) | undefined {
    this.#clock.advance(this.#random.below(STEP_MS))
    if (this.#ready.length === 0 && this.#sleepers.length > 0) {
      this.#clock.advance(Math.max(0, this.#nextWakeMs - this.#clock.now()))
    }
    if (this.#nextWakeMs <= this.#clock.now()) this.#wakeSleepers()
    if (this.#ready.length === 0) return undefined
    const index = this.#ready.length === 1 ? 0 : this.#random.below(this.#ready.length)
    const picked = this.#ready[index]
    const end = this.#ready.pop()
    if (end && index < this.#ready.length) this.#ready[index] = end
    return picked
  }

  #wakeSleepers(): void {
    const now = this.#clock.now()
    const still: Sleeper[] = []
    this.#nextWakeMs = Number.POSITIVE_INFINITY
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs <= now) this.#ready.push(sleeper.wake)
      else {
        still.push(sleeper)
        this.#nextWakeMs = Math.min(this.#nextWakeMs, sleeper.untilMs)
      }
    }
    this.#sleepers = still
  }
}
