/** `tidegate config diff FILE`: what `config apply FILE` would change; writes nothing. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { cadenceNames, undeployedCadences } from '../../shared/config/apply.ts'
import { type Consequences, consequences } from '../../shared/config/consequences.ts'
import { type Changes, differences, type ItemDifference } from '../../shared/config/differences.ts'
import { refusalUnderData } from '../../shared/config/refuse-changes.ts'
import { resolve } from '../../shared/config/resolve.ts'
import { storedConfig } from '../../shared/config/stored-config.ts'
import { shown } from '../../shared/files/shown.ts'
import { parsedFile } from '../lib/config-file.ts'
import { findDeployment } from '../lib/deployment.ts'
import { number } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { settingText } from '../lib/setting-text.ts'
import { consequenceTexts } from './config-consequences.ts'
import { type Globals, outputOf } from './globals.ts'

const kinds = ['cadences', 'tables', 'sources'] as const

type Diff = Readonly<
  Record<(typeof kinds)[number], { readonly changes: Changes; readonly items: readonly ItemDifference[] }>
> & {
  readonly consequences: Consequences
  /** Why `config apply` would refuse the file: TG1222 or TG1223. */
  readonly refused: { readonly code: string; readonly message: string } | null
  /** Cadences for which `config apply` would refuse the file. */
  readonly without_schedule: readonly string[]
}

export function addDiff(config: Command): void {
  config
    .command('diff')
    .description(
      'what `config apply` would change; writes nothing, and exits with 0 whether or not there are differences',
    )
    .argument('<file>', 'e.g. tidegate.yml')
    .action(async (file: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const parsed = await parsedFile(file)
      const deployment = await findDeployment(globals, output)
      const resolved = resolve(parsed, deployment)
      const ports = { ...ledgerPorts(deployment), controlBucket: deployment.controlBucket }
      const stored = await storedConfig(ports, cadenceNames(resolved))
      const found = differences(resolved, stored)
      const { cadences, tables, sources } = found
      const { refusal } = await refusalUnderData(found, stored.tables, ports)
      const diff: Diff = {
        cadences: { changes: cadences.changes, items: cadences.items },
        tables: { changes: tables.changes, items: tables.items },
        sources: { changes: sources.changes, items: sources.items },
        consequences: await consequences(found, ports),
        refused: refusal ? { code: refusal.code, message: refusal.message } : null,
        without_schedule: await undeployedCadences(resolved, schedulesOf(deployment)),
      }
      output.result(diff, () => show(diff, file, output))
    })
}

function show(diff: Diff, file: string, output: Output): void {
  const texts = consequenceTexts(diff.consequences)
  for (const kind of kinds) {
    const { items, changes } = diff[kind]
    if (items.length === 0) continue
    output.line(pc.bold(`${kind}: ${countsText(changes)}`))
    for (const line of items.flatMap((item) => itemLines(item, kind === 'tables' ? texts.get(item.name) : undefined)))
      output.line(line)
    output.line()
  }
  if (kinds.every((kind) => diff[kind].items.length === 0)) output.line(`no difference: ${file} is what is applied`)
  if (diff.refused) output.line(pc.red(`\`config apply\` refuses it: ${diff.refused.message}`))
  if (diff.without_schedule.length > 0)
    output.line(
      pc.red(`\`config apply\` refuses it until a schedule is deployed for: ${diff.without_schedule.join(', ')}`),
    )
}

const countsText = ({ added, changed, removed, unchanged }: Changes): string =>
  `${number(added)} added, ${number(changed)} changed, ${number(removed)} removed, ${number(unchanged)} unchanged`

function itemLines({ name, change, fields }: ItemDifference, consequence?: string): string[] {
  const meaning = consequence === undefined ? [] : [`      ${consequence}`]
  if (change === 'added') return [pc.green(`  + ${shown(name)}`), ...meaning]
  if (change === 'removed') return [pc.red(`  - ${shown(name)}`), ...meaning]
  const width = Math.max(...fields.map(({ field }) => field.length))
  return [
    pc.yellow(`  ~ ${shown(name)}`),
    ...fields.map(
      ({ field, before, after }) => `      ${field.padEnd(width)}  ${settingText(before)} → ${settingText(after)}`,
    ),
    ...meaning,
  ]
}
