/** `tidegate rebuild TABLE`: builds a table anew from its settled files, by other keys, mode, sequence or target, and swaps it. */
import type { Command } from 'commander'
import { resolve } from '../../shared/config/resolve.ts'
import {
  doRebuild,
  previewRebuild,
  type RebuildPorts,
  type RebuildPreview,
  refuseGoneFiles,
  targetOf,
} from '../../shared/operate/rebuild.ts'
import { actIfAgreed, type TableAct } from '../lib/agreed-act.ts'
import { parsedFile } from '../lib/config-file.ts'
import { addChangeOptions } from '../lib/confirm.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural, size } from '../lib/human.ts'
import { appliedFilesPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { settingText } from '../lib/setting-text.ts'
import type { VerbOptions } from '../lib/table-verb.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

interface RebuildOptions extends VerbOptions {
  readonly config: string
}

export function addRebuild(program: Command): void {
  const command = program
    .command('rebuild')
    .description('build a table anew from its settled files, as a changed configuration file has it, and swap it')
    .argument('<table>', 'ledger name or schema.table')
    .requiredOption('--config <file>', 'the file with its new keys, mode, sequence or target')
    .addOption(reasonOption())
    .action(async (wanted: string, options: RebuildOptions, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const parsed = await parsedFile(options.config)
      const deployment = await findDeployment(globals, output)
      const { tables } = resolve(parsed, deployment)
      const named = tables.map((config) => ({ table: config.source_table_name, config }))
      const ports = appliedFilesPorts(deployment)
      const preview = await previewRebuild(tableNamed(wanted, named).config, ports)
      await actIfAgreed(actOf(preview, options, ports), options, output)
    })
  addChangeOptions(command)
}

function actOf(preview: RebuildPreview, options: RebuildOptions, ports: RebuildPorts): TableAct {
  refuseGoneFiles(preview)
  const { before, entry, files, changes } = preview
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const apply = `its other files wait until then, and until \`tidegate config apply ${options.config}\``
  const effects = [
    `generation ${entry.generation.id} is built from ${plural(files.length, 'file')} (${size(bytes)}) as ${targetOf(entry)}`,
    ...changes.map(({ field, before: old, after }) => `${field}: ${settingText(old)} → ${settingText(after)}`),
    'the next run of its cadence builds and swaps it in one commit; until then readers see what is there',
    changes.length > 0 ? apply : 'its other files wait until then',
  ]
  const facts = { files: files.length, bytes, generation: entry.generation.id, changes }
  const carryOut = () => doRebuild(preview, options.reason ?? null, ports)
  return { verb: 'rebuild', table: before.raw_table_name, effects, facts, carryOut }
}
