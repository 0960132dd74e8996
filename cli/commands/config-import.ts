/** `tidegate config import`: from the manifests of the published framework (ODP) to a configuration file. */
import type { Command } from 'commander'
import { fromManifests } from '../../shared/config/odp/from-manifests.ts'
import { readManifests } from '../../shared/config/odp/manifests.ts'
import { textOf } from '../lib/config-file.ts'
import { plural } from '../lib/human.ts'
import { importedText } from '../lib/imported-text.ts'
import { writeNewFile } from '../lib/new-file.ts'
import { type Globals, outputOf } from './globals.ts'

interface ImportOptions {
  readonly output: string
  readonly schema: readonly string[]
  readonly prefix: string
  readonly force?: boolean
}

export function addImport(config: Command): void {
  config
    .command('import')
    .description('write a configuration file from manifests of the published framework (ODP); touches nothing else')
    .argument(
      '<file...>',
      'its odpf_batch_config and odpf_raw_table_config manifests, or what `aws dynamodb scan` prints',
    )
    .option('--output <file>', 'the file to write', 'tidegate.yml')
    .option(
      '--schema <name>',
      'a schema at the source, where `source_table_name` does not tell it; may be repeated',
      also,
      [],
    )
    .option('--prefix <prefix>', 'what goes before the schema in the keys of the files', 'internal_staging/')
    .option('--force', 'write over a file that exists')
    .action(async (files: string[], options: ImportOptions, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const manifests = await Promise.all(files.map(async (file) => readManifests(await textOf(file), file)))
      const prefix = options.prefix === '' || options.prefix.endsWith('/') ? options.prefix : `${options.prefix}/`
      const imported = fromManifests(manifests, { schemas: options.schema, prefix })
      const { text, fillIn } = importedText(imported, files)
      await writeNewFile(options.output, text, options.force ?? false)
      const counts = {
        cadences: Object.keys(imported.config.cadences).length,
        tables: Object.keys(imported.config.tables ?? {}).length,
      }
      const { notes } = imported
      output.result({ file: options.output, ...counts, fill_in_lines: fillIn, notes }, () => {
        output.line(`wrote ${options.output}: ${plural(counts.cadences, 'cadence')}, ${plural(counts.tables, 'table')}`)
        if (fillIn.length > 0) output.line(`fill in ${plural(fillIn.length, 'line')}: ${fillIn.join(', ')}`)
        output.line(`next: \`tidegate config validate ${options.output}\``)
        for (const note of notes) output.note(note)
      })
    })
}

const also = (value: string, before: readonly string[]): string[] => [...before, value]
