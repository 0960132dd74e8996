/** `tidegate config validate | apply FILE`: from one YAML file to the configuration tables. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { applyConfig } from '../../shared/config/apply.ts'
import { parseConfig } from '../../shared/config/parse.ts'
import { resolve } from '../../shared/config/resolve.ts'
import { ConfigurationError } from '../../shared/errors.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import { ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { type Globals, outputOf } from './globals.ts'

/** What `validate` resolves against when nothing is deployed: names only, nothing is written. */
const undeployed = { rawBucket: 'raw-bucket', glueJobName: 'spark-job' }

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
      const resolved = resolve(parseConfig(await contentOf(file), file), undeployed)
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
      const text = await contentOf(file)
      const parsed = parseConfig(text, file)
      const deployment = await findDeployment(globals, output)
      const changes = await apply(parsed, deployment)
      output.result(changes, () =>
        output.line(
          `applied ${file}: ${plural(changes.tables.added, 'table')} added, ${changes.tables.changed} changed, ` +
            `${changes.tables.removed} removed, ${changes.tables.unchanged} unchanged`,
        ),
      )
    })
}

function apply(parsed: ReturnType<typeof parseConfig>, deployment: Deployment) {
  const resolved = resolve(parsed, { rawBucket: deployment.rawBucket, glueJobName: deployment.glueJobName })
  const ports = {
    ...ledgerPorts(deployment),
    controlBucket: deployment.controlBucket,
    clock: systemClock,
    schedules: schedulesOf(deployment),
  }
  return applyConfig(resolved, ports)
}

/** Throws ConfigurationError TG1504 if the file can't be read. */
const contentOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError('TG1504', `\`${file}\` can't be read. Name a file that exists.`, { cause: error })
  })
