/** The history of one execution, event by event, as `GetExecutionHistory` shows it. */
import { StateError } from './errors.ts'
import type { Json } from './ports.ts'
import type { HistoryEvent } from './records.ts'

/** Events that one execution may have (Step Functions quotas). The last place is kept for how it ended. */
export const HISTORY_LIMIT = 25_000

/** The member of an event that carries its details; types that share one shape share its name. */
const detailsName = (type: string): `${string}Details` => {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails'
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails'
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`
}

export class History {
  #count: number
  readonly #keep: (event: HistoryEvent) => void
  readonly #now: () => number

  constructor(count: number, now: () => number, keep: (event: HistoryEvent) => void) {
    this.#count = count
    this.#now = now
    this.#keep = keep
  }

  /** Throws `States.Runtime`, which nothing catches, when the history is full. */
  add(type: string, details: { [key: string]: Json } = {}): number {
    if (this.#count >= HISTORY_LIMIT - 1)
      throw new StateError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${HISTORY_LIMIT}).`,
      )
    return this.end(type, details)
  }

  /** The event that says how the execution ended; there is always a place for it. */
  end(type: string, details: { [key: string]: Json } = {}): number {
    const previousEventId = this.#count
    this.#count += 1
    const event: HistoryEvent = { id: this.#count, previousEventId, timestamp: this.#now() / 1000, type }
    event[detailsName(type)] = details
    this.#keep(event)
    return this.#count
  }
}
