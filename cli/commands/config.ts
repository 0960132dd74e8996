/** `tidegate config …`: from one YAML file to the configuration tables. */
import type { Command } from 'commander'
import { applyConfig } from '../../shared/config/apply.ts'
import type { ParsedConfig } from '../../shared/config/parse.ts'
import { resolve } from '../../shared/config/resolve.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import { parsedFile, undeployed } from '../lib/config-file.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import { ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { addDiff } from './config-diff.ts'
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
      output.result(changes, () =>
        output.line(
          `applied ${file}: ${plural(changes.tables.added, 'table')} added, ${changes.tables.changed} changed, ` +
            `${changes.tables.removed} removed, ${changes.tables.unchanged} unchanged`,
        ),
      )
    })

  addDiff(config)
  addShow(config)
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
