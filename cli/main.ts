/** The command line's entry: builds the program, runs it, and turns errors into exit codes: 0 done, 1 work failed, 2 usage. */
import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import packageJson from '../package.json' with { type: 'json' }
import { TidegateError } from '../shared/errors.ts'
import { addConfig } from './commands/config.ts'
import { addLand } from './commands/land.ts'
import { addLocal } from './commands/local.ts'
import { addQuery } from './commands/query.ts'
import { addRun } from './commands/run.ts'
import { addStatus } from './commands/status.ts'

function program(): Command {
  const root = new Command('tidegate')
    .description('upserts the change files that land on S3 into Iceberg tables, each on its own cadence')
    .version(packageJson.version)
    .option('--json', 'print the result as JSON')
    .option(
      '--stage <stage>',
      'which deployment: the stack `tidegate-<stage>` (default: local on a local cloud, else dev)',
    )
    .option('--aws', 'talk to AWS even though a local cloud runs in this folder')
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride()
  for (const add of [addLocal, addConfig, addLand, addRun, addStatus, addQuery]) add(root)
  return root
}

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
  process.exitCode = exitCodeOf(error)
  if (error instanceof TidegateError) process.stderr.write(`${pc.red(error.message)}\n`)
  else if (!(error instanceof CommanderError)) throw error
}
