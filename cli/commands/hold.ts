/** `tidegate hold | release | retry TABLE`: keeps runs from a table, lets it go again, has a failed one tried anew. */
import type { Command, Option } from 'commander'
import type { TableItem } from '../../shared/contracts/ledger.ts'
import { holding } from '../../shared/operate/hold.ts'
import { releasing } from '../../shared/operate/release.ts'
import { retrying } from '../../shared/operate/retry.ts'
import { itemOf, type Preview } from '../../shared/operate/table-verb.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { addChangeOptions } from '../lib/confirm.ts'
import { findDeployment } from '../lib/deployment.ts'
import { auditPorts, ledgerPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { carryOut, type VerbOptions } from '../lib/table-verb.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

export function addHold(program: Command): void {
  const why = reasonOption('why; shown with the table, and kept in the audit item').makeOptionMandatory()
  add(program, 'hold', 'let no run touch a table until it is released; its files land and wait', why, holding)
  add(program, 'release', 'end a hold: the next run of its cadence takes the table up', reasonOption(), releasing)
  add(
    program,
    'retry',
    'have a failed table tried by the next run, its failed attempts counted anew',
    reasonOption(),
    retrying,
  )
}

function add(
  program: Command,
  name: string,
  description: string,
  why: Option,
  previewOf: (item: TableItem, reason: string) => Preview,
): void {
  const command = program
    .command(name)
    .description(description)
    .argument('<table>', 'ledger name or schema.table')
    .addOption(why)
    .action(async (wanted: string, options: VerbOptions, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const ledger = ledgerPorts(deployment)
      const { table } = tableNamed(wanted, await tableStatuses(ledger))
      const ports = { ...auditPorts(deployment), tables: ledger.tables }
      await carryOut(previewOf(await itemOf(table, ports), options.reason ?? ''), options, output, ports)
    })
  addChangeOptions(command)
}
