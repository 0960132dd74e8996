/** Anything thrown, as the error that outcomes, ledger items and reports carry. */
import { ZodError } from 'zod'
import type { OutcomeError } from './contracts/outcome.ts'
import { messageOf, TidegateError } from './errors.ts'

export function outcomeErrorOf(error: unknown): OutcomeError {
  if (error instanceof TidegateError) {
    return {
      code: error.code,
      message: error.message.slice(error.code.length + 2),
      transient: error.certainty === 'transient',
      details: null,
    }
  }
  return {
    code: 'TG9303',
    message: `Unexpected: \`${messageOf(error)}\`. The next run tries again; if it stays, report it with the log.`,
    transient: !isTerminal(error),
    details: null,
  }
}

/** True when trying again without a change surely gives the same; what the SDK throws is not of that kind. */
export const isTerminal = (error: unknown): boolean =>
  error instanceof TidegateError
    ? error.certainty === 'terminal'
    : error instanceof ZodError ||
      error instanceof TypeError ||
      error instanceof SyntaxError ||
      error instanceof RangeError
