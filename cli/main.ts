/** The command line's entry: runs the program, and ends with its exit code and one line where it failed. */
import { onStderr } from './lib/colours.ts'
import { endingOf } from './lib/ending.ts'
import { Interrupted } from './lib/interrupted.ts'
import { program } from './program.ts'

// `tidegate status | head`: a reader that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await program().parseAsync()
} catch (error) {
  const { exitCode, message } = endingOf(error)
  const interrupted = error instanceof Interrupted
  if (message !== undefined) process.stderr.write(`${interrupted ? message : onStderr.red(message)}\n`)
  if (process.env.TIDEGATE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  if (interrupted) process.exit(exitCode) // a request may still be on its way
  process.exitCode = exitCode
}
