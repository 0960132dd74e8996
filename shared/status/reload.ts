/** A reload as an operator sees it: what waits for it, since when, and when it is put in place. */
import { mapBounded } from '../bounded.ts'
import { type ChoicePorts, stagedReloadOf } from '../claims/choose-files.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import type { ReloadStatus, TableStatusRow } from './row.ts'

export type ReloadStatusPorts = Pick<ChoicePorts, 'files' | 'objects'>

/** Null if none is staged or asked for. */
export async function reloadStatus(
  config: TableConfig,
  item: TableItem | undefined,
  ports: ReloadStatusPorts,
): Promise<ReloadStatus | null> {
  const staged = await stagedReloadOf(config, item, ports)
  const asked_ms = item?.reload?.asked_at_s != null ? item.reload.asked_at_s * 1000 : null
  if (staged)
    return {
      since_ms: staged.from_s * 1000,
      waits_from_ms: staged.waits_from_s * 1000,
      asked_ms,
      full_files: staged.full.length,
      complete_ms: staged.complete_at_ms,
      obstacle: staged.obstacle?.says ?? null,
    }
  return asked_ms === null
    ? null
    : { since_ms: null, waits_from_ms: null, asked_ms, full_files: 0, complete_ms: 'operator', obstacle: null }
}

/** What is to be done about it, or just waited for. */
export function reloadNextAction(
  table: string,
  { since_ms, complete_ms, obstacle, full_files }: ReloadStatus,
  now: EpochMs,
): string {
  if (since_ms === null) return 'put the full-load files of the reload that was asked for'
  if (obstacle) return `its reload waits: ${obstacle}`
  if (complete_ms === 'operator') return `when its reload is whole: \`tidegate reload ${table} --complete\``
  if (full_files === 0) return 'it was truncated at its source: the next run empties it'
  if (complete_ms <= now) return 'its reload is complete: the next run puts it in place'
  return `its reload is complete at ${new Date(complete_ms).toISOString()} if no more of it comes`
}

/** A truncated table's, which needs nobody once a load came, or somebody said that none will. */
const endsHold = ({ reason }: TableStatusRow, { full_files, complete_ms }: ReloadStatus): boolean =>
  reason === 'truncated_at_source' && (full_files > 0 || complete_ms !== 'operator')

const TABLES_AT_ONCE = 16

/** The rows with their reloads. Asks only about tables for which full-load files wait, or an operator asked. */
export async function withReloads(
  rows: readonly TableStatusRow[],
  ports: ReloadStatusPorts & {
    readonly tables: Pick<TableLedger, 'getMany'>
    readonly config: Pick<ConfigStore, 'table'>
  },
  now: EpochMs,
): Promise<TableStatusRow[]> {
  const items = await ports.tables.getMany(rows.filter((row) => row.last_run !== null).map((row) => row.table))
  return mapBounded(rows, TABLES_AT_ONCE, async (row) => {
    const item = items.get(row.table)
    if (row.cadence === null || (row.waiting_full_files === 0 && !item?.reload)) return row
    const config = await ports.config.table(row.cadence, row.table)
    const reload = config ? await reloadStatus(config, item, ports) : null
    if (!reload) return row
    const isFree = row.status === 'completed' || row.status === 'waiting' || endsHold(row, reload)
    return { ...row, reload, next_action: isFree ? reloadNextAction(row.table, reload, now) : row.next_action }
  })
}
