/** `tidegate audit`: what operators did with the verbs that change something, newest first. */
import type { Command } from 'commander'
import pc from 'picocolors'
import type { AuditItem } from '../../shared/contracts/audit.ts'
import { findDeployment } from '../lib/deployment.ts'
import { ago } from '../lib/human.ts'
import { limitOption } from '../lib/limit-option.ts'
import type { Column, Output } from '../lib/output.ts'
import { auditPorts } from '../lib/ports.ts'
import { type Globals, outputOf } from './globals.ts'

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('what operators did, newest first: who, what, to what, why, and what came of it')
    .addOption(limitOption('acts to show', 20))
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const acts = await auditPorts(await findDeployment(globals, output)).audit.recent(limit)
      output.result({ acts }, () => show(acts, output))
    })
}

function show(acts: readonly AuditItem[], output: Output): void {
  if (acts.length === 0) {
    output.line('No operator changed anything yet.')
    return
  }
  const now = Date.now()
  const columns: Column<AuditItem>[] = [
    { title: 'WHEN', value: (act) => ago(act.at_ms, now) },
    { title: 'WHO', value: (act) => act.who },
    { title: 'VERB', value: (act) => act.verb },
    { title: 'TARGET', value: (act) => act.target },
    { title: 'RESULT', value: (act) => (act.result === 'done' ? act.result : pc.red(act.result)) },
    { title: 'REASON', value: (act) => act.reason ?? '-' },
    { title: 'DETAILS', value: (act) => JSON.stringify(act.details), optional: true },
  ]
  output.table(acts, columns)
}
