/** `tidegate files TABLE`: which files wait, oldest first, and what became of the latest settled ones. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { withReloads } from '../../shared/status/reload.ts'
import { type FileRow, type TableFiles, tableFiles } from '../../shared/status/table-files.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { findDeployment } from '../lib/deployment.ts'
import { ago, number, size } from '../lib/human.ts'
import { limitOption } from '../lib/limit-option.ts'
import type { Column, Output } from '../lib/output.ts'
import { ledgerPorts } from '../lib/ports.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

export function addFiles(program: Command): void {
  program
    .command('files')
    .description('the files of a table: those that wait, oldest first, and the latest settled ones')
    .argument('<table>', 'ledger name or schema.table')
    .addOption(limitOption('files of each kind', 20))
    .action(async (wanted: string, { limit }: { limit: number }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const ports = ledgerPorts(await findDeployment(globals, output))
      const rows = await tableStatuses(ports)
      const { table } = tableNamed(wanted, rows)
      const found = await tableFiles(table, limit, ports.files)
      const [row] = await withReloads([tableNamed(table, rows)], ports, Date.now())
      output.result({ table, reload: row?.reload ?? null, ...found }, () => {
        if (row?.reload) output.line(`${pc.bold('reload')}  ${row.next_action}\n`)
        show(found, limit, output)
      })
    })
}

function show({ waiting, settled, more }: TableFiles, limit: number, output: Output): void {
  const now = Date.now()
  const orMore = (there: boolean): string => (there ? `, the first ${number(limit)} (--limit shows more)` : '')
  output.line(pc.bold(`waiting, oldest first${orMore(more.waiting)}`))
  if (waiting.length === 0) output.line('none')
  else output.table(waiting, waitingColumns(now))
  output.line()
  output.line(pc.bold(`settled, latest first${orMore(more.settled)}`))
  if (settled.length === 0) output.line('none yet')
  else output.table(settled, [...waitingColumns(now), ...settledColumns])
  if (settled.some(({ status }) => status === 'raw_file_quarantined'))
    output.line(
      `\n${pc.bold('quarantined')} files wait for a decision, unless it was made: \`tidegate quarantine list\``,
    )
}

const waitingColumns = (now: number): Column<FileRow>[] => [
  { title: 'FILE', value: (file) => file.uri.replace(/^s3:\/\/[^/]+\//, '') },
  { title: 'KIND', value: (file) => file.kind },
  { title: 'SIZE', value: (file) => size(file.bytes), right: true },
  { title: 'PUT', value: (file) => ago(file.put_ms, now) },
  { title: 'STATUS', value: statusText },
]

const settledColumns: Column<FileRow>[] = [
  { title: 'ROWS', value: (file) => (file.rows === null ? '-' : number(file.rows)), right: true },
  { title: 'RUN', value: (file) => file.run_id ?? '-' },
  { title: 'BATCH', value: (file) => file.batch_id?.replace(/^sha256:/, '').slice(0, 12) ?? '-', optional: true },
  { title: 'SEQUENCES', value: sequences, optional: true },
]

function statusText({ status, reason }: FileRow): string {
  const text = `${status.replace(/^raw_file_/, '')}${reason === null ? '' : `: ${reason}`}`
  if (status === 'raw_file_processed') return pc.green(text)
  return status === 'raw_file_landed' ? pc.yellow(text) : pc.red(text)
}

function sequences({ min_sequence: lowest, max_sequence: highest }: FileRow): string {
  if (highest === null) return '-'
  return lowest === highest ? highest : `${lowest ?? 'none'} … ${highest}`
}
