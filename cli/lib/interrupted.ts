/** What a command throws when a signal ended it: no failure, and nothing to mend. */
import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type EndingSignal = (typeof signals)[number]

/** Ends the command with 128 + the signal's number, as a shell counts: 130 for Ctrl-C. The message says what goes on without it. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(signal: EndingSignal, message: string) {
    super(message)
    this.exitCode = 128 + constants.signals[signal]
  }
}

export interface SignalWatch {
  /** Settles at the first signal. */
  readonly first: Promise<EndingSignal>
  /** Aborted by the first signal. */
  readonly aborted: AbortSignal
  /** The first signal; undefined while there was none. */
  readonly seen: () => EndingSignal | undefined
  /** From here on signals do again what they do by default. */
  readonly close: () => void
}

/** Takes SIGINT, SIGTERM and SIGHUP, however often they come: ending in order takes a moment, and must not be cut short. */
export function watchSignals(): SignalWatch {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<EndingSignal>()
  let seen: EndingSignal | undefined
  const handlers = signals.map((name) => {
    const handler = (): void => {
      seen ??= name
      resolve(name)
      controller.abort()
    }
    process.on(name, handler)
    return [name, handler] as const
  })
  return {
    first: promise,
    aborted: controller.signal,
    seen: () => seen,
    close: () => {
      for (const [name, handler] of handlers) process.off(name, handler)
    },
  }
}
