/** Answers an operator's question: is every table fresh, what failed, what do I do now? */
import { isClaimed } from '../claims/table-state.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { nextAction } from './next-action.ts'
import type { TableStatusRow } from './row.ts'

export interface StatusPorts {
  readonly files: Pick<FileLedger, 'waitingByTable'>
  readonly tables: Pick<TableLedger, 'all'>
  readonly config: Pick<ConfigStore, 'cadences' | 'tables'>
}

type Waiting = Awaited<ReturnType<FileLedger['waitingByTable']>>

/** Every table that is configured, has waiting files or has ever run, by name. Three scans: for operators, not for hot paths. */
export async function tableStatuses(ports: StatusPorts): Promise<TableStatusRow[]> {
  const [waiting, items, cadences] = await Promise.all([
    ports.files.waitingByTable(),
    ports.tables.all(),
    ports.config.cadences(),
  ])
  const configured = (await Promise.all(cadences.map((c) => ports.config.tables(c.refresh_cadence)))).flat()
  const configOf = new Map(configured.map((config) => [config.source_table_name, config]))
  const itemOf = new Map(items.map((item) => [item.raw_table_name, item]))
  const names = [...new Set([...configOf.keys(), ...itemOf.keys(), ...waiting.keys()])].sort()
  return names.map((table) => statusRow(table, configOf.get(table), itemOf.get(table), waiting))
}

function statusRow(
  table: string,
  config: TableConfig | undefined,
  item: TableItem | undefined,
  waiting: Waiting,
): TableStatusRow {
  const files = waiting.get(table)
  const status = statusOf(config, item, files !== undefined)
  const row = {
    table,
    cadence: config?.refresh_cadence ?? null,
    status,
    reason: item?.hold_reason ?? null,
    waiting_files: files?.files ?? 0,
    waiting_full_files: files?.full ?? 0,
    reload: null,
    quarantined_files: null,
    failed_attempts: item?.failed_attempts ?? null,
    max_attempts: item?.max_attempts ?? null,
    waiting_bytes: files?.bytes ?? 0,
    oldest_put_ms: files ? files.oldest.put_at_s * 1000 : null,
    last_committed_ms: item?.last_committed_at_ms ?? null,
    fresh_as_of_ms: item?.fresh_as_of_s ? item.fresh_as_of_s * 1000 : null,
    applied_max_sequence: item?.applied_max_sequence ?? null,
    snapshot: item?.last_snapshot ?? null,
    last_run: item?.glue_job_run_id ?? null,
    error: item?.error ? { code: item.error.code, message: item.error.message } : null,
    target: config ? `${config.raw_database_name}.${config.raw_table_name}` : null,
  }
  return { ...row, next_action: nextAction(row) }
}

function statusOf(
  config: TableConfig | undefined,
  item: TableItem | undefined,
  hasWaiting: boolean,
): TableStatusRow['status'] {
  if (!config) return isClaimed(item) ? 'updating_table' : hasWaiting ? 'unregistered' : 'removed'
  if (config.is_active === 'N') return 'inactive'
  if (!item) return hasWaiting ? 'waiting' : 'new'
  return item.refresh_status
}
