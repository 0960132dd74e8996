/** `tidegate runs [TABLE]`: what the last runs did. */
import type { Command } from 'commander'
import pc from 'picocolors'
import type { TableRun } from '../../shared/contracts/ledger.ts'
import { shown } from '../../shared/files/shown.ts'
import { recentRuns } from '../../shared/status/recent-runs.ts'
import { schemaChangesText } from '../../shared/status/schema-changes.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { findDeployment } from '../lib/deployment.ts'
import { ago, duration, number } from '../lib/human.ts'
import { limitOption } from '../lib/limit-option.ts'
import type { Column, Output } from '../lib/output.ts'
import { type LedgerPorts, ledgerPorts } from '../lib/ports.ts'
import { effectsOf } from '../lib/run-story.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

export function addRuns(program: Command): void {
  program
    .command('runs')
    .description('the last runs, newest first: status, result, files, rows, how long; of one table, or of all')
    .argument('[table]', 'ledger name or schema.table')
    .addOption(limitOption('runs to show', 20))
    .action(async (wanted: string | undefined, { limit }: { limit: number }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const ports = ledgerPorts(await findDeployment(globals, output))
      const runs = wanted === undefined ? await recentRuns(limit, ports.tables) : await runsOf(wanted, limit, ports)
      output.result({ runs }, () => show(runs, output))
    })
}

async function runsOf(wanted: string, limit: number, ports: LedgerPorts): Promise<TableRun[]> {
  const { table } = tableNamed(wanted, await tableStatuses(ports))
  return ports.tables.runs(table, limit)
}

function show(runs: readonly TableRun[], output: Output): void {
  if (runs.length === 0) {
    output.line('No run yet. `tidegate run CADENCE` starts one.')
    return
  }
  const now = Date.now()
  const columns: Column<TableRun>[] = [
    { title: 'ENDED', value: (run) => ago(run.ended_at_ms, now) },
    { title: 'TABLE', value: (run) => run.raw_table_name },
    { title: 'STATUS', value: statusText },
    { title: 'RESULT', value: (run) => run.result },
    { title: 'FILES', value: (run) => number(run.files), right: true },
    { title: 'ROWS', value: (run) => (run.rows ? effectsOf(run.rows) : '-') },
    ...(runs.some((run) => run.schema_changes)
      ? [{ title: 'COLUMNS', value: (run: TableRun) => shown(schemaChangesText(run.schema_changes)) || '-' }]
      : []),
    { title: 'TOOK', value: (run) => duration(run.duration_ms), right: true },
    { title: 'ERROR', value: (run) => run.error?.code ?? '-' },
    { title: 'RUN', value: (run) => run.glue_job_run_id },
    { title: 'ATTEMPT', value: (run) => number(run.attempt), right: true, optional: true },
    { title: 'SNAPSHOT', value: (run) => run.snapshot ?? '-', optional: true },
  ]
  output.table(runs, columns)
}

function statusText({ refresh_status: status, hold_reason: reason }: TableRun): string {
  return status === 'completed' ? pc.green(status) : pc.red(reason === null ? status : `${status}: ${reason}`)
}
