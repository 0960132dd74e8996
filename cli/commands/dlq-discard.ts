/** `tidegate dlq discard`: throws letters away that somebody saw first. */
import type { Command } from 'commander'
import { type Chosen, choose, giveBack } from '../../shared/dead-letters/choose.ts'
import { discard } from '../../shared/dead-letters/replay.ts'
import { ConfigurationError } from '../../shared/errors.ts'
import { audited } from '../../shared/operate/audit.ts'
import { addChangeOptions, type ChangeOptions, confirmed } from '../lib/confirm.ts'
import {
  assertFound,
  deadLetterPorts,
  MOST_LETTERS,
  type Selection,
  showLetters,
  summaryOf,
  targetOf,
  wantedOf,
} from '../lib/dead-letters.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { auditPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { type Globals, outputOf } from './globals.ts'

interface DiscardOptions extends Selection, ChangeOptions {
  readonly reason?: string
}

/** Ids that an audit item keeps. */
const MOST_IDS = 50

export function addDlqDiscard(dlq: Command): void {
  const command = dlq
    .command('discard')
    .description(
      'throw letters away; a file whose event is thrown away is landed by the next reconcile, if its key is good',
    )
    .argument('[ids...]', 'as `dlq list` shows them')
    .option('--all', `every letter of every queue, up to ${MOST_LETTERS} at a time`)
    .option('--table <table>', 'events of this table: ledger name or schema.table')
    .addOption(reasonOption('why; needed, and kept in the audit item'))
    .action(async (ids: string[], options: DiscardOptions, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const wanted = wantedOf(ids, options)
      if (options.reason === undefined && !options.dryRun)
        throw new ConfigurationError(
          'TG1543',
          '`dlq discard` needs `--reason TEXT`: what is thrown away can’t be asked any more.',
        )
      const deployment = await findDeployment(globals, output)
      const ports = deadLetterPorts(deployment)
      const chosen = await choose(wanted === 'all' ? () => true : wanted, MOST_LETTERS, ports)
      try {
        assertFound(ids, chosen)
        const discarded = await agreedTo(chosen, options, output)
        if (discarded) {
          const target = targetOf(ids, options)
          const act = { verb: 'dlq discard', target, reason: options.reason ?? null }
          await audited(act, auditPorts(deployment), async (note) => {
            note({ letters: chosen.letters.length, ids: chosen.letters.slice(0, MOST_IDS).map(({ id }) => id) })
            return discard(chosen, ports)
          })
        }
        show(chosen, discarded, options, output)
      } finally {
        await giveBack(chosen.letters) // those that were discarded are gone, and left alone
      }
    })
  addChangeOptions(command)
}

/** False for a dry run, for nothing to do, and when nobody agrees, which is exit code 1. */
async function agreedTo({ letters }: Chosen, options: DiscardOptions, output: Output): Promise<boolean> {
  if (options.dryRun || letters.length === 0) return false
  if (!options.yes && !output.json) showLetters(letters, output)
  const agreed = await confirmed(`discard ${plural(letters.length, 'dead letter')} for good?`, options)
  if (!agreed) process.exitCode = 1
  return agreed
}

function show({ letters, more }: Chosen, discarded: boolean, options: DiscardOptions, output: Output): void {
  const facts = { dry_run: options.dryRun === true, discarded, letters: letters.map(summaryOf), more }
  output.result(facts, () => {
    const what = discarded ? 'discarded' : options.dryRun ? 'would discard' : 'discarded none of'
    output.line(`${what} ${plural(letters.length, 'letter')}`)
    if (options.dryRun && letters.length > 0) showLetters(letters, output)
  })
  if (more) output.note(`there are more than ${MOST_LETTERS}: discard again`)
}
