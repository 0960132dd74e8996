/** How a command that threw ends: 0 done, 1 work failed, 2 usage, 130 Ctrl-C; and what is said of it. */
import { CommanderError } from 'commander'
import { messageOf, OurError, TidegateError } from '../../shared/errors.ts'
import { Interrupted } from './interrupted.ts'

export interface Ending {
  readonly exitCode: number
  /** Undefined: commander has said it already. */
  readonly message: string | undefined
}

/** What has no number gets TG9601: nobody has to read a stack trace to know that something is wrong with us. */
export function endingOf(error: unknown): Ending {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, message: undefined }
  if (error instanceof Interrupted) return { exitCode: error.exitCode, message: error.message }
  // Wrong usage or configuration is the caller's to mend; anything else is work that failed.
  if (error instanceof TidegateError) return { exitCode: error.code.startsWith('TG1') ? 2 : 1, message: error.message }
  return { exitCode: 1, message: unexpected(error).message }
}

const unexpected = (cause: unknown): OurError =>
  new OurError(
    'TG9601',
    `this was not foreseen: \`${messageOf(cause)}\`. Try again; if it stays, report it with what you typed and what \`TIDEGATE_DEBUG=1\` adds.`,
    { cause },
  )
