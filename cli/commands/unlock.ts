/** `tidegate unlock TABLE`: takes a table from a run that is over and never said so. */
import type { Command } from 'commander'
import { frozenEntry } from '../../shared/claims/entry.ts'
import { hasSingleWriter } from '../../shared/claims/single-writer.ts'
import { ConfigurationError } from '../../shared/errors.ts'
import { type Evidence, holderOf, isOver, mayStillWrite, told } from '../../shared/operate/evidence.ts'
import { itemOf } from '../../shared/operate/table-verb.ts'
import { isLocked, unlocking } from '../../shared/operate/unlock.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { addChangeOptions } from '../lib/confirm.ts'
import { findDeployment } from '../lib/deployment.ts'
import { holderPorts } from '../lib/holder-ports.ts'
import { auditPorts, ledgerPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { carryOut, type VerbOptions } from '../lib/table-verb.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

interface UnlockOptions extends VerbOptions {
  readonly force?: boolean
}

const NO_EVIDENCE: Evidence = { execution: null, job: 'unknown', job_runs: [] }

export function addUnlock(program: Command): void {
  const unlock = program
    .command('unlock')
    .description(
      'take a table from a run that is over but never settled it; looks whether execution and job run have ended',
    )
    .argument('<table>', 'ledger name or schema.table')
    .option('--force', 'also without evidence that the run is over; needs --reason')
    .addOption(reasonOption())
    .action(async (wanted: string, options: UnlockOptions, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      if (options.force && options.reason === undefined)
        throw new ConfigurationError(
          'TG1541',
          '`--force` needs `--reason TEXT`: say how you know that the run is over.',
        )
      const deployment = await findDeployment(globals, output)
      const ledger = ledgerPorts(deployment)
      const { table } = tableNamed(wanted, await tableStatuses(ledger))
      const ports = { ...auditPorts(deployment), tables: ledger.tables }
      const item = await itemOf(table, ports)
      const evidence = isLocked(item) ? await holderOf(item, holderPorts(deployment)) : NO_EVIDENCE
      const entry = item.entry_uri === null ? undefined : await frozenEntry(item, ledger.objects)
      const isSingle = entry !== undefined && hasSingleWriter(entry.target)
      const forbidden = isSingle ? mayStillWrite(evidence, item, systemClock.now()) : undefined
      const preview = unlocking(item, evidence, options.force === true, forbidden)
      const forced = isOver(evidence) ? 'with evidence' : 'WITHOUT EVIDENCE, by force'
      output.note(`${forced}: ${told(evidence)}`)
      await carryOut(preview, options, output, ports)
    })
  addChangeOptions(unlock)
}
