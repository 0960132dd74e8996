/** The command line's entry: runs the program and turns errors into exit codes: 0 done, 1 work failed, 2 usage, 130 Ctrl-C. */
import { CommanderError } from 'commander'
import { TidegateError } from '../shared/errors.ts'
import { onStderr } from './lib/colours.ts'
import { Interrupted } from './lib/interrupted.ts'
import { program } from './program.ts'

/** Wrong usage or configuration is the caller's to mend (2); anything else is work that failed (1). */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof TidegateError && error.code.startsWith('TG1')) return 2
  return 1
}

// `tidegate status | head`: a reader that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await program().parseAsync()
} catch (error) {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`)
    process.exit(error.exitCode) // a request may still be on its way
  }
  process.exitCode = exitCodeOf(error)
  if (error instanceof TidegateError) process.stderr.write(`${onStderr.red(error.message)}\n`)
  else if (!(error instanceof CommanderError)) throw error
}
