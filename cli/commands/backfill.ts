/** `tidegate backfill TABLE`: files that were applied are applied again, so that what the table lost comes back. */
import type { Command } from 'commander'
import pc from 'picocolors'
import type { SettledFile } from '../../shared/contracts/ledger.ts'
import { shown } from '../../shared/files/shown.ts'
import { FOR_EVER_S } from '../../shared/operate/applied-files.ts'
import { doBackfill, refuseGoneFiles } from '../../shared/operate/backfill/backfill.ts'
import { leftOutTexts } from '../../shared/operate/backfill/left-out.ts'
import type { BackfillPorts } from '../../shared/operate/backfill/ports.ts'
import { type BackfillPreview, previewBackfill, type Span } from '../../shared/operate/backfill/preview.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { actIfAgreed, showEffects, type TableAct } from '../lib/agreed-act.ts'
import { addChangeOptions } from '../lib/confirm.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural, size } from '../lib/human.ts'
import type { Column, Output } from '../lib/output.ts'
import { pointInTime } from '../lib/point-in-time.ts'
import { appliedFilesPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import type { VerbOptions } from '../lib/table-verb.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

interface BackfillOptions extends VerbOptions {
  readonly from: string
  readonly to?: string
  readonly plan?: boolean
}

export function addBackfill(program: Command): void {
  const command = program
    .command('backfill')
    .description('apply files again that were applied, so that what the table lost comes back')
    .argument('<table>', 'ledger name or schema.table')
    .requiredOption('--from <time>', 'files put from then on: 2026-11-21, 2026-11-21T18:00Z, or so long ago: 7d')
    .option('--to <time>', 'and before then (default: all later ones)')
    .option('--plan', 'print batch by batch what would be done, gone objects too, and change nothing')
    .addOption(reasonOption())
    .action(async (wanted: string, options: BackfillOptions, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const span = spanOf(options)
      const ports = appliedFilesPorts(await findDeployment(globals, output))
      const { table } = tableNamed(wanted, await tableStatuses(ports))
      const preview = await previewBackfill(table, span, ports)
      if (options.plan)
        output.result({ ...factsOf(preview), batches: batchesOf(preview) }, () => showPlan(preview, output))
      else await actIfAgreed(actOf(preview, span, options, ports), options, output)
    })
  addChangeOptions(command)
}

function spanOf({ from, to }: BackfillOptions): Span {
  const now = Date.now()
  const toS = to === undefined ? FOR_EVER_S : Math.floor(pointInTime(to, now) / 1000)
  return { fromS: Math.floor(pointInTime(from, now) / 1000), toS }
}

function actOf(preview: BackfillPreview, span: Span, options: BackfillOptions, ports: BackfillPorts): TableAct {
  const { table, effects, ...facts } = factsOf(preview)
  refuseGoneFiles(preview)
  const carryOut = () => doBackfill(preview, span, options.reason ?? null, ports)
  return { verb: 'backfill', table, effects, facts, carryOut }
}

const bytesOf = (files: readonly SettledFile[]): number => files.reduce((sum, file) => sum + file.bytes, 0)

const factsOf = (preview: BackfillPreview) => ({
  table: preview.before.raw_table_name,
  files: preview.files.length,
  bytes: bytesOf(preview.files),
  gone: preview.gone.map((file) => file.file_ingestion_path),
  left_out: preview.left_out.map(({ file, reason }) => ({ path: file.file_ingestion_path, reason })),
  effects: effectsOf(preview),
})

/** What it comes to, in sentences. */
function effectsOf({ before, after, mode, files, left_out }: BackfillPreview): string[] {
  const batches = plural(new Set(files.map((file) => file.batch_id)).size, 'batch', 'batches')
  const again = `${plural(files.length, 'file')} of ${batches} (${size(bytesOf(files))}) wait again`
  const how =
    mode === 'snapshot'
      ? [
          `${again}; the next runs of its cadence apply them, oldest first`,
          'the newest sequence wins: what the table has stays as it is; what is missing comes back as the newest of these files has it',
        ]
      : [`${again}; each run of its cadence applies one batch of them, whole and under its own id`]
  const moved = `the table is not at its last settled snapshot any more: it goes on from ${after.last_snapshot ?? 'nothing'}`
  return [...how, ...(after === before ? [] : [moved]), ...leftOutTexts(left_out).map((text) => `left out: ${text}`)]
}

interface BatchRow {
  readonly batch_id: string
  readonly files: number
  readonly bytes: number
  readonly first_put: string
  readonly last_put: string
}

/** The batches that applied the files, in the order of their first files. */
function batchesOf({ files }: BackfillPreview): BatchRow[] {
  return [...Map.groupBy(files, (file) => file.batch_id ?? '')].map(([batch_id, members]) => ({
    batch_id,
    files: members.length,
    bytes: bytesOf(members),
    first_put: putText(members.at(0)),
    last_put: putText(members.at(-1)),
  }))
}

const putText = (file: SettledFile | undefined): string => new Date((file?.put_at_s ?? 0) * 1000).toISOString()

const columns: Column<BatchRow>[] = [
  { title: 'APPLIED IN', value: (row) => `${row.batch_id.replace('sha256:', '').slice(0, 12)}…` },
  { title: 'FILES', value: (row) => String(row.files), right: true },
  { title: 'SIZE', value: (row) => size(row.bytes), right: true },
  { title: 'FIRST PUT', value: (row) => row.first_put },
  { title: 'LAST PUT', value: (row) => row.last_put },
]

function showPlan(preview: BackfillPreview, output: Output): void {
  output.table(batchesOf(preview), columns)
  showEffects(factsOf(preview), output)
  if (preview.gone.length === 0) return
  output.line(pc.red(`  gone from the bucket, so that nothing would be done: ${plural(preview.gone.length, 'file')}`))
  for (const file of preview.gone) output.line(pc.red(`    ${shown(file.file_ingestion_path)}`))
}
