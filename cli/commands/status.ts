/** `tidegate status [TABLE]`: is every table fresh, what failed, what to do now. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { messageOf } from '../../shared/errors.ts'
import type { TableStatusRow } from '../../shared/status/next-action.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { ago, plural, size } from '../lib/human.ts'
import type { Column, Output } from '../lib/output.ts'
import { ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { type Queues, queuesOf } from '../lib/queues.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('every table: cadence, status, waiting files, last commit, and what to do next')
    .argument('[table]', 'ledger name or schema.table; the whole story of one table')
    .action(async (table: string | undefined, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const [rows, queues, paused] = await Promise.all([
        tableStatuses(ledgerPorts(deployment)),
        queuesOf(deployment),
        pausedCadences(deployment, output),
      ])
      if (table === undefined) {
        output.result({ tables: rows, ...queues, paused_cadences: paused }, () => {
          overview(rows, queues, output)
          if (paused.length > 0)
            output.line(`${pc.yellow(`paused: ${paused.join(', ')}`)} (\`tidegate resume CADENCE\`)`)
        })
      } else {
        const row = tableNamed(table, rows)
        output.result(row, () => detail(row, output))
      }
    })
}

/** Whoever may not read schedules still gets the tables. */
async function pausedCadences(deployment: Deployment, output: Output): Promise<string[]> {
  try {
    const states = await schedulesOf(deployment).states()
    return [...states].filter(([, state]) => state === 'paused').map(([cadence]) => cadence)
  } catch (error) {
    output.note(`which cadences are paused can't be told: ${messageOf(error)}`)
    return []
  }
}

const coloured = (row: TableStatusRow): string => {
  const text = row.reason === null ? row.status : `${row.status}: ${row.reason}`
  if (row.status === 'held' || row.status === 'refresh_error') return pc.red(text)
  return row.status === 'completed' ? pc.green(text) : pc.yellow(text)
}

const waitingText = (row: TableStatusRow, now: number): string =>
  row.waiting_files === 0
    ? '-'
    : `${plural(row.waiting_files, 'file')}, ${size(row.waiting_bytes)}, oldest ${ago(row.oldest_put_ms, now)}`

function overview(rows: readonly TableStatusRow[], queues: Queues, output: Output): void {
  if (rows.length === 0) {
    output.line('No tables yet. `tidegate config apply FILE` adds them.')
  } else {
    const now = Date.now()
    const columns: Column<TableStatusRow>[] = [
      { title: 'TABLE', value: (row) => row.table },
      { title: 'CADENCE', value: (row) => row.cadence ?? '-' },
      { title: 'STATUS', value: coloured },
      { title: 'WAITING', value: (row) => waitingText(row, now) },
      { title: 'LAST COMMIT', value: (row) => ago(row.last_committed_ms, now) },
      { title: 'NEXT', value: (row) => row.next_action },
      { title: 'SEQUENCE', value: (row) => row.applied_max_sequence ?? '-', optional: true },
      { title: 'LAST RUN', value: (row) => row.last_run ?? '-', optional: true },
    ]
    output.table(rows, columns)
  }
  const full = queues.dead_letters.filter((queue) => queue.messages > 0)
  output.line()
  output.line(`events on their way to the ledger: ${queues.events_on_their_way || 'none'}`)
  output.line(
    full.length === 0
      ? `dead letters: none in ${plural(queues.dead_letters.length, 'queue')}`
      : `dead letters: ${full.map((queue) => pc.red(`${queue.messages} in ${queue.queue}`)).join(', ')}`,
  )
  for (const row of rows) if (row.error) output.line(`\n${pc.bold(row.table)}\n  ${row.error.message}`)
}

function detail(row: TableStatusRow, output: Output): void {
  const now = Date.now()
  const lines: [string, string][] = [
    ['table', row.table],
    ['target', row.target ?? '-'],
    ['cadence', row.cadence ?? '-'],
    ['status', coloured(row)],
    ['waiting', waitingText(row, now)],
    ['last commit', ago(row.last_committed_ms, now)],
    ['fresh as of', row.fresh_as_of_ms === null ? '-' : new Date(row.fresh_as_of_ms).toISOString()],
    ['sequence', row.applied_max_sequence ?? '-'],
    ['snapshot', row.snapshot ?? '-'],
    ['last run', row.last_run ?? '-'],
    ['error', row.error?.message ?? '-'],
    ['next', row.next_action],
  ]
  for (const [name, value] of lines) output.line(`${pc.bold(name.padEnd(13))}${value}`)
}
