/** `tidegate config …`: from one YAML file to the configuration tables. */
import type { Command } from 'commander'
import { type Applied, applyConfig } from '../../shared/config/apply.ts'
import type { ParsedConfig } from '../../shared/config/parse.ts'
import { resolve } from '../../shared/config/resolve.ts'
import { shown } from '../../shared/files/shown.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import { parsedFile, undeployed } from '../lib/config-file.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { consequenceTexts } from './config-consequences.ts'
import { addDiff } from './config-diff.ts'
import { addImport } from './config-import.ts'
import { addShow } from './config-show.ts'
import { type Globals, outputOf } from './globals.ts'

export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('the YAML file that says which tables there are and how each is refreshed')

  config
    .command('validate')
    .description('check the file; touches nothing')
    .argument('<file>', 'e.g. tidegate.yml')
    .action(async (file: string, _: unknown, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const resolved = resolve(await parsedFile(file), undeployed)
      const counts = { cadences: resolved.cadences.length, tables: resolved.tables.length }
      output.result({ valid: true, ...counts }, () =>
        output.line(`${file} is valid: ${plural(counts.cadences, 'cadence')}, ${plural(counts.tables, 'table')}`),
      )
    })

  config
    .command('apply')
    .description('write the file to the configuration tables; running it again changes nothing')
    .argument('<file>', 'e.g. tidegate.yml')
    .action(async (file: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const parsed = await parsedFile(file)
      const deployment = await findDeployment(globals, output)
      const changes = await apply(parsed, deployment)
      output.result(changes, () => showApplied(changes, file, output))
    })

  addDiff(config)
  addImport(config)
  addShow(config)
}

/** `--json` has them all. */
const TOLD = 20

function showApplied({ tables, consequences }: Applied, file: string, output: Output): void {
  output.line(
    `applied ${file}: ${plural(tables.added, 'table')} added, ${tables.changed} changed, ${tables.removed} removed, ${tables.unchanged} unchanged`,
  )
  const texts = [...consequenceTexts(consequences)]
  for (const [table, text] of texts.slice(0, TOLD)) output.line(`  ${shown(table)}: ${text}`)
  if (texts.length > TOLD) output.line(`  and ${texts.length - TOLD} more tables: \`tidegate status\` has them`)
}

function apply(parsed: ParsedConfig, deployment: Deployment) {
  const ports = {
    ...ledgerPorts(deployment),
    controlBucket: deployment.controlBucket,
    clock: systemClock,
    schedules: schedulesOf(deployment),
  }
  return applyConfig(resolve(parsed, deployment), ports)
}
