/** `tidegate status [TABLE]`: is every table fresh, what failed, what to do now. */
import type { Command } from 'commander'
import pc from 'picocolors'
import type { AuditItem } from '../../shared/contracts/audit.ts'
import { messageOf } from '../../shared/errors.ts'
import { withQuarantined } from '../../shared/status/quarantined.ts'
import { withReloads } from '../../shared/status/reload.ts'
import type { TableStatusRow } from '../../shared/status/row.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { ago, plural, size } from '../lib/human.ts'
import type { Column, Output } from '../lib/output.ts'
import { auditPorts, ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { type Queues, queuesOf } from '../lib/queues.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

/** As far back as the last act on a table is looked for. */
const ACTS = 200

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('every table: cadence, status, waiting files, last commit, and what to do next')
    .argument('[table]', 'ledger name or schema.table; the whole story of one table')
    .action(async (table: string | undefined, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const ledger = ledgerPorts(deployment)
      const [bare, queues, paused, acts] = await Promise.all([
        tableStatuses(ledger),
        queuesOf(deployment),
        pausedCadences(deployment, output),
        auditPorts(deployment).audit.recent(ACTS),
      ])
      if (table === undefined) {
        const rows = await withQuarantined(await withReloads(bare, ledger, Date.now()), ledger.files)
        const last_act = acts[0] ?? null
        output.result({ tables: rows, ...queues, paused_cadences: paused, last_act }, () => {
          overview(rows, queues, output)
          if (last_act) output.line(`last act of an operator: ${actText(last_act)} (\`tidegate audit\` has them all)`)
          if (paused.length > 0)
            output.line(`${pc.yellow(`paused: ${paused.join(', ')}`)} (\`tidegate resume CADENCE\`)`)
        })
      } else {
        const [row] = await withQuarantined(
          await withReloads([tableNamed(table, bare)], ledger, Date.now()),
          ledger.files,
        )
        if (!row) return
        const last_act = acts.find((act) => act.target === row.table) ?? null
        output.result({ ...row, last_act }, () => detail(row, last_act, output))
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

const actText = ({ verb, target, who, at_ms, result, reason }: AuditItem): string =>
  `${verb} ${target}, ${ago(at_ms, Date.now())}, by ${who}${result === 'done' ? '' : `, ${result}`}${reason === null ? '' : `: ${reason}`}`

const failedText = ({ failed_attempts: failed, max_attempts: most }: TableStatusRow): string =>
  failed ? pc.red(`${failed} in a row; ${most} hold the table`) : 'none'

const waitingText = (row: TableStatusRow, now: number): string =>
  row.waiting_files === 0
    ? '-'
    : `${plural(row.waiting_files, 'file')}, ${size(row.waiting_bytes)}, oldest ${ago(row.oldest_put_ms, now)}`

const quarantinedText = ({ quarantined_files: files }: TableStatusRow): string =>
  files ? pc.red(plural(files, 'file')) : '-'

/** `2 files, the first put 3 m 20 s ago`. */
function reloadText({ reload }: TableStatusRow, now: number): string {
  if (!reload) return '-'
  if (reload.since_ms === null) return `asked for ${ago(reload.asked_ms, now)}`
  if (reload.full_files === 0) return pc.yellow(`truncated ${ago(reload.since_ms, now)}, no file since`)
  return pc.yellow(`${plural(reload.full_files, 'file')}, the first put ${ago(reload.since_ms, now)}`)
}

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
      ...(rows.some((row) => row.quarantined_files)
        ? [{ title: 'QUARANTINED', value: (row: TableStatusRow) => quarantinedText(row) }]
        : []),
      ...(rows.some((row) => row.reload)
        ? [{ title: 'RELOAD', value: (row: TableStatusRow) => reloadText(row, now) }]
        : []),
      { title: 'LAST COMMIT', value: (row) => ago(row.last_committed_ms, now) },
      { title: 'NEXT', value: (row) => row.next_action },
      { title: 'FRESH AS OF', value: (row) => ago(row.fresh_as_of_ms, now), optional: true },
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
      : `dead letters: ${full.map((queue) => pc.red(`${queue.messages} in ${queue.queue}`)).join(', ')} (\`tidegate dlq list\`)`,
  )
  for (const row of rows) if (row.error) output.line(`\n${pc.bold(row.table)}\n  ${row.error.message}`)
}

function detail(row: TableStatusRow, last: AuditItem | null, output: Output): void {
  const now = Date.now()
  const lines: [string, string][] = [
    ['table', row.table],
    ['target', row.target ?? '-'],
    ['cadence', row.cadence ?? '-'],
    ['status', coloured(row)],
    ['waiting', waitingText(row, now)],
    ['reload', reloadText(row, now)],
    ['quarantined', quarantinedText(row)],
    ['failed', failedText(row)],
    ['last commit', ago(row.last_committed_ms, now)],
    ['fresh as of', row.fresh_as_of_ms === null ? '-' : new Date(row.fresh_as_of_ms).toISOString()],
    ['sequence', row.applied_max_sequence ?? '-'],
    ['snapshot', row.snapshot ?? '-'],
    ['last run', row.last_run ?? '-'],
    ['error', row.error?.message ?? '-'],
    ['last act', last === null ? '-' : actText(last)],
    ['next', row.next_action],
  ]
  for (const [name, value] of lines) output.line(`${pc.bold(name.padEnd(13))}${value}`)
}
