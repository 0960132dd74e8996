/** The tree of commands: what the command line runs, and what its reference page and the shells' completions are made from. */
import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addAudit } from './commands/audit.ts'
import { addBackfill } from './commands/backfill.ts'
import { addCompletion } from './commands/completion.ts'
import { addConfig } from './commands/config.ts'
import { addDlq } from './commands/dlq.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExplain } from './commands/explain.ts'
import { addFiles } from './commands/files.ts'
import { addHold } from './commands/hold.ts'
import { addInit } from './commands/init.ts'
import { addLand } from './commands/land.ts'
import { addLocal } from './commands/local.ts'
import { addLogs } from './commands/logs.ts'
import { addPause } from './commands/pause.ts'
import { addQuarantine } from './commands/quarantine.ts'
import { addQuery } from './commands/query.ts'
import { addRebuild } from './commands/rebuild.ts'
import { addReconcile } from './commands/reconcile.ts'
import { addReload } from './commands/reload.ts'
import { addRun } from './commands/run.ts'
import { addRuns } from './commands/runs.ts'
import { addStatus } from './commands/status.ts'
import { addUnlock } from './commands/unlock.ts'

/** In the order in which help and the reference page show them. */
const commands: ReadonlyArray<(root: Command) => void> = [
  addLocal,
  addInit,
  addConfig,
  addLand,
  addRun,
  addPause,
  addStatus,
  addFiles,
  addRuns,
  addLogs,
  addExplain,
  addHold,
  addUnlock,
  addReload,
  addQuarantine,
  addBackfill,
  addRebuild,
  addQuery,
  addDlq,
  addReconcile,
  addDoctor,
  addAudit,
  addCompletion,
]

/** Builds the whole program; nothing runs before it parses. */
export function program(): Command {
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
  for (const add of commands) add(root)
  return root
}
