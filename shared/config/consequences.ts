/** What applying a file means for tables that come, go or move: what waits for them, and who is at work on them now. */

import { isClaimed } from '../claims/table-state.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import type { ConfigDifferences } from './differences.ts'
import { hasData } from './refuse-changes.ts'

export interface ConsequencePorts {
  readonly files: Pick<FileLedger, 'waitingByTable'>
  readonly tables: Pick<TableLedger, 'getMany'>
}

export interface AddedTable {
  readonly table: string
  readonly cadence: string
  readonly active: boolean
  /** They landed before, and the cadence's next run takes them up. */
  readonly waiting_files: number
  /** It was there before, and goes on where it was. */
  readonly has_data: boolean
}

export interface TableGone {
  readonly table: string
  /** `database.table`: it stays as it is. */
  readonly target: string
  /** They stay in the ledger, and so will what lands from now on. */
  readonly waiting_files: number
  readonly has_data: boolean
  /** The run that has it now, which finishes. */
  readonly run: string | null
  /** Nobody knows yet whether its last batch was committed; its files stay frozen until it is there again. */
  readonly unresolved: boolean
}

export interface MovedTable {
  readonly table: string
  readonly from: string
  readonly to: string
  /** The run of the old cadence that has it now: it finishes first. */
  readonly run: string | null
}

export interface Consequences {
  readonly added: readonly AddedTable[]
  readonly removed: readonly TableGone[]
  readonly moved: readonly MovedTable[]
}

/** By name. It scans the file tracker if tables come or go: for operators, not for hot paths. */
export async function consequences({ tables }: ConfigDifferences, ports: ConsequencePorts): Promise<Consequences> {
  const named = (change: 'added' | 'removed') =>
    new Set(tables.items.filter((item) => item.change === change).map(({ name }) => name))
  const [added, removed] = [named('added'), named('removed')]
  const moves = tables.items.flatMap(({ name, fields }) => {
    const cadence = fields.find(({ field }) => field === 'refresh_cadence')
    return cadence ? [{ table: name, from: String(cadence.before), to: String(cadence.after) }] : []
  })
  const items = await ports.tables.getMany([...added, ...removed, ...moves.map(({ table }) => table)])
  const waiting = added.size + removed.size > 0 ? await ports.files.waitingByTable() : new Map()
  const waitingOf = (name: string): number => waiting.get(name)?.files ?? 0

  return {
    added: tables.write
      .filter(({ source_table_name: name }) => added.has(name))
      .map(({ source_table_name: table, refresh_cadence: cadence, is_active }) => ({
        table,
        cadence,
        active: is_active === 'Y',
        waiting_files: waitingOf(table),
        has_data: hasData(items.get(table)),
      }))
      .sort(byTable),
    removed: [...new Map(tables.remove.map((table) => [table.source_table_name, table])).values()]
      .filter(({ source_table_name: name }) => removed.has(name))
      .map(({ source_table_name: table, target }) => ({
        table,
        target: `${target.database}.${target.table}`,
        waiting_files: waitingOf(table),
        has_data: hasData(items.get(table)),
        run: runOn(items.get(table)),
        unresolved: !isClaimed(items.get(table)) && items.get(table)?.entry_uri != null,
      }))
      .sort(byTable),
    moved: moves.map((move) => ({ ...move, run: runOn(items.get(move.table)) })),
  }
}

const byTable = (a: { table: string }, b: { table: string }): number => (a.table < b.table ? -1 : 1)
const runOn = (item: TableItem | undefined): string | null => (isClaimed(item) ? (item?.glue_job_run_id ?? null) : null)
