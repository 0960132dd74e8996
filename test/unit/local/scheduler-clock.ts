/** A clock that stands still until a test moves it on; whoever sleeps is woken at their time. */
import { setImmediate as settled } from 'node:timers/promises'
import type { SleepingClock } from '../../../local/step-functions/ports.ts'

export class ManualClock implements SleepingClock {
  #now: number
  #sleepers = new Set<{ at: number; wake: () => void }>()

  constructor(start: string) {
    this.#now = Date.parse(start)
  }

  now = (): number => this.#now

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const sleeper = { at: this.#now + ms, wake: resolve }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper)
        reject(signal.reason)
      })
    })
  }

  /** Goes from sleeper to sleeper, as time does; between two of them everything that can go on does. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await settled()
      const next = [...this.#sleepers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#sleepers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = until
  }

  /** The machine is suspended: time goes, and nobody is woken meanwhile. */
  suspend(ms: number): void {
    this.#now += ms
  }
}
