/** `tidegate reload TABLE [--complete]`: asks for a new full load, or says that the one that is staged is whole. */
import type { Command } from 'commander'
import { configurationOf } from '../../shared/operate/explain/table-steps.ts'
import { askingForReload, completingReload, notConfigured } from '../../shared/operate/reload.ts'
import { itemOf } from '../../shared/operate/table-verb.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { addChangeOptions } from '../lib/confirm.ts'
import { findDeployment } from '../lib/deployment.ts'
import { auditPorts, ledgerPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { carryOut, type VerbOptions } from '../lib/table-verb.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

interface ReloadOptions extends VerbOptions {
  readonly complete?: boolean
}

export function addReload(program: Command): void {
  const command = program
    .command('reload')
    .description('have the next full load replace a table, in one commit when all of it is there')
    .argument('<table>', 'ledger name or schema.table')
    .option('--complete', 'say that the reload that is staged is whole: the next run puts it in place')
    .addOption(reasonOption())
    .action(async (wanted: string, options: ReloadOptions, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const ledger = ledgerPorts(deployment)
      const { table } = tableNamed(wanted, await tableStatuses(ledger))
      const ports = { ...ledger, ...auditPorts(deployment) }
      const item = await itemOf(table, ports)
      const configured = await configurationOf(table, ports)
      if (!configured) throw notConfigured(item)
      const previewOf = options.complete ? completingReload : askingForReload
      await carryOut(await previewOf(item, configured.table, ports), options, output, ports)
    })
  addChangeOptions(command)
}
