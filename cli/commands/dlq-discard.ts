/** `tidegate dlq discard`: throws letters away that somebody saw first. */
import type { Command } from 'commander'
import { choose, giveBack } from '../../shared/dead-letters/choose.ts'
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
  wantedOf,
} from '../lib/dead-letters.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
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
      const { reason } = options
      if (reason === undefined && !options.dryRun)
        throw new ConfigurationError(
          'TG1543',
          '`dlq discard` needs `--reason TEXT`: what is thrown away can’t be asked any more.',
        )
      const deployment = await findDeployment(globals, output)
      const ports = deadLetterPorts(deployment)
      const chosen = await choose(wanted === 'all' ? () => true : wanted, MOST_LETTERS, ports)
      const { letters, more } = chosen
      try {
        assertFound(ids, chosen)
        const facts = { letters: letters.map(summaryOf), more }
        if (options.dryRun || letters.length === 0) {
          output.result({ dry_run: options.dryRun === true, discarded: 0, ...facts }, () => {
            output.line(`would discard ${plural(letters.length, 'letter')}`)
            if (letters.length > 0) showLetters(letters, output)
          })
          return
        }
        if (!options.yes && !output.json) showLetters(letters, output)
        if (!(await confirmed(`discard ${plural(letters.length, 'dead letter')} for good?`, options))) {
          output.note('nothing was changed')
          process.exitCode = 1
          return
        }
        const target = wanted === 'all' ? 'all' : (options.table ?? ids.join(' ')).slice(0, 1024)
        const discarded = await audited(
          { verb: 'dlq discard', target, reason: reason ?? null },
          auditPorts(deployment),
          async (note) => {
            note({ letters: letters.length, ids: letters.slice(0, MOST_IDS).map(({ id }) => id) })
            return discard(chosen, ports)
          },
        )
        output.result({ dry_run: false, discarded, ...facts }, () =>
          output.line(`discarded ${plural(discarded, 'letter')}`),
        )
      } finally {
        await giveBack(letters) // those that were discarded are gone, and left alone
      }
    })
  addChangeOptions(command)
}
