/** Dead-letter queues, and the ways back for what lies in them. Memory, AWS: one contract suite. */
import type { EpochMs } from '../contracts/primitives.ts'

export interface DeadLetter {
  /** SQS's message id; another one after a replay. */
  readonly id: string
  /** `FileManager`, `LandingRule`, `Scheduler`. */
  readonly queue: string
  readonly body: string
  readonly sent_ms: EpochMs
  /** How often it was received, in this queue and, if it was moved here, in the one before. */
  readonly receives: number
  /** What EventBridge and the Scheduler say of the failure, e.g. `ERROR_CODE`. */
  readonly attributes: Readonly<Record<string, string>>
  /** Proves to the queue that we hold it. */
  readonly receipt: string
}

export interface DeadLetterQueue {
  readonly name: string
  /** Approximate. `hidden` are in somebody's hands. */
  depth(): Promise<{ readonly waiting: number; readonly hidden: number }>
  /** Up to 10, nobody else sees them for `hideSeconds`; none when no letter is visible. */
  take(hideSeconds: number): Promise<DeadLetter[]>
  /** Visible again, at once. A letter that is no longer ours is left alone. */
  giveBack(letters: readonly DeadLetter[]): Promise<void>
  /** The same: a letter that is no longer ours is left alone. */
  remove(letter: DeadLetter): Promise<void>
}

/** Each is harmless when it is repeated, or when what it repeats is still on its way. */
export interface Redelivery {
  /** Hands an event to the file manager's queue. */
  land(body: string): Promise<void>
  /** Starts a cadence's run under the name that its schedule chose: a start that had succeeded after all is not done twice. */
  start(execution: { readonly name: string; readonly input: string }): Promise<void>
  /** Invokes the reconciler, without waiting for it. */
  reconcile(): Promise<void>
  /**
   * Moves a whole queue back to the one that its letters came from, by the queue service itself; resolves when that is done, with
   * about how many went. Undefined where there is no such service for this queue.
   */
  moveAll(queue: string): Promise<number | undefined>
}
