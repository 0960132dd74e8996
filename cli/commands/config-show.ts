/** `tidegate config show TABLE`: what applies to one table; with a file also from which block each value came. */
import type { Command } from 'commander'
import { flat } from '../../shared/config/differences.ts'
import { explained } from '../../shared/config/explained.ts'
import { resolve } from '../../shared/config/resolve.ts'
import type { ResolvedTable } from '../../shared/config/resolved.ts'
import { storedConfig } from '../../shared/config/stored-config.ts'
import type { TableConfig } from '../../shared/contracts/config.ts'
import { ConfigurationError } from '../../shared/errors.ts'
import { shown } from '../../shared/files/shown.ts'
import { parsedFile, undeployed } from '../lib/config-file.ts'
import { findDeployment } from '../lib/deployment.ts'
import type { Output } from '../lib/output.ts'
import { ledgerPorts } from '../lib/ports.ts'
import { settingText } from '../lib/setting-text.ts'
import { type Globals, outputOf } from './globals.ts'

export function addShow(config: Command): void {
  config
    .command('show')
    .description('what is applied to a table; with --file what the file says of it, and in which of its blocks')
    .argument('<table>', 'ledger name or schema.table')
    .option('--file <file>', 'look into this file, e.g. tidegate.yml; nothing needs to be deployed')
    .action(async (table: string, { file }: { file?: string }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      if (file === undefined) await showApplied(table, globals, output)
      else await showFile(table, file, output)
    })
}

async function showFile(wanted: string, file: string, output: Output): Promise<void> {
  const { tables, provenance } = resolve(await parsedFile(file), undeployed)
  const table = configured(wanted, tables, `\`${file}\` has no table`)
  const settings = explained(table, provenance.get(table.source_table_name) ?? {})
  output.result({ table: table.source_table_name, settings }, () =>
    output.table(settings, [
      { title: 'SETTING', value: ({ setting }) => setting },
      { title: 'VALUE', value: ({ value }) => settingText(value) },
      { title: 'FROM', value: ({ from }) => shown(from) },
    ]),
  )
}

async function showApplied(wanted: string, globals: Globals, output: Output): Promise<void> {
  const deployment = await findDeployment(globals, output)
  const ports = { ...ledgerPorts(deployment), controlBucket: deployment.controlBucket }
  const table: TableConfig = configured(wanted, (await storedConfig(ports)).tables, 'nothing is applied for')
  output.result(table, () => {
    output.table(
      [...flat({ ...table, applied_at_ms: new Date(table.applied_at_ms).toISOString() })],
      [
        { title: 'ATTRIBUTE', value: ([field]) => field.replace(/^applied_at_ms$/, 'applied_at') },
        { title: 'VALUE', value: ([, value]) => settingText(value) },
      ],
    )
    output.note('`--file FILE` says from which block of the file each value comes')
  })
}

/** Throws ConfigurationError TG1509 if no table of that name is among them. */
function configured<Table extends ResolvedTable>(wanted: string, tables: readonly Table[], without: string): Table {
  const name = wanted.toLowerCase()
  const namesOf = (table: Table) => [table.source_table_name, `${table.schema_name}.${table.table_name}`.toLowerCase()]
  const table = tables.find((one) => namesOf(one).includes(name))
  if (table) return table
  throw new ConfigurationError(
    'TG1509',
    `${without} \`${shown(wanted)}\`. Write it as \`schema.table\` or as in \`tidegate status\`, or add it to the file.`,
  )
}
