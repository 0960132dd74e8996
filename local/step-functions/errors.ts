/** What can end a state, an execution or a load other than with an output. */
import { EngineError } from '../../shared/errors.ts'

/** An error as the States Language knows it: a name that Retry and Catch match, and a text. */
export class StateError extends Error {
  readonly errorName: string
  readonly causeText: string

  constructor(errorName: string, causeText: string) {
    super(`${errorName}: ${causeText}`)
    this.name = 'StateError'
    this.errorName = errorName
    this.causeText = causeText
  }
}

/** Thrown inside a running execution when somebody stopped it; `undefined` fields as with `StopExecution` without them. */
export class ExecutionStopped extends Error {
  readonly errorName: string | undefined
  readonly causeText: string | undefined

  constructor(errorName?: string, causeText?: string) {
    super(causeText ?? 'stopped')
    this.name = 'ExecutionStopped'
    this.errorName = errorName
    this.causeText = causeText
  }
}

/** Thrown inside a running execution when the local cloud goes down: nothing is recorded, the next start decides. */
export class CloudClosing extends Error {}

/** TG5010: the definition uses something that AWS refuses, or that this interpreter does not implement. Terminal. */
export class DefinitionRefused extends EngineError {
  constructor(where: string, problem: string) {
    super('TG5010', `state machine definition, \`${where}\`: ${problem}`)
  }
}

/** Largest payload between states, bytes of UTF-8 (Step Functions quotas). */
export const PAYLOAD_LIMIT_BYTES = 256 * 1024

/** Throws `States.DataLimitExceeded` when the JSON text of a payload is over 256 KiB; returns the text. */
export function withinLimit(value: unknown, what: string): string {
  const text = JSON.stringify(value)
  const bytes = Buffer.byteLength(text)
  if (bytes > PAYLOAD_LIMIT_BYTES)
    throw new StateError(
      'States.DataLimitExceeded',
      `The ${what} has \`${bytes}\` bytes, more than the ${PAYLOAD_LIMIT_BYTES} that a payload may have. Pass it by reference.`,
    )
  return text
}
