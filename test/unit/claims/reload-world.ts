/** One table whose files have rows: what its commits make of them, by the rules that the job keeps, and ticks of its cadence. */
import type { BatchConfig, TableConfig } from '../../../shared/contracts/config.ts'
import { parseS3Uri } from '../../../shared/contracts/control-layout.ts'
import type { KnownFile, LandedFile, TableItem } from '../../../shared/contracts/ledger.ts'
import type { PlanEntry } from '../../../shared/contracts/plan.ts'
import { quarantined } from '../../contract/support/items.ts'
import { CADENCE, claim, createWorld, type Lake, plannedTables, putFile, runJob, settle, tableConfig } from './world.ts'

export const TABLE = 'shop_orders'
export const QUIET_MS = 600_000

/** A row of a full load has neither `op` nor `seq`. */
export interface Row {
  readonly id: number
  readonly v?: number
  readonly op?: string
  readonly seq?: string
}

type Reload = NonNullable<TableConfig['reload']>

export async function aTable(
  mode: 'snapshot' | 'historical' = 'snapshot',
  reload: Reload = { complete_when: 'quiet', quiet_ms: QUIET_MS },
) {
  const world = await createWorld()
  const config = tableConfig(TABLE, { reload })
  await world.config.putTable({ ...config, merge: { ...config.merge, mode } })
  const lake: Lake = new Map()
  const rowsOf = new Map<string, readonly Row[]>()
  /** The entries that were committed, in order. */
  const commits: PlanEntry[] = []
  let executions = 0

  const commit = (entry: PlanEntry) => {
    if (!commits.some((one) => one.batch_id === entry.batch_id)) commits.push(entry)
  }

  return {
    world,
    lake,
    /** Puts the file `laterMs` after the one before, plus a second, and lands it. */
    async put(name: string, rows: readonly Row[], change: Partial<LandedFile> = {}, laterMs = 0): Promise<LandedFile> {
      world.clock.advance(laterMs)
      const file = await putFile(world, TABLE, name, JSON.stringify(rows), change)
      rowsOf.set(file.file_id, rows)
      return file
    },
    /** What `puts` would have landed, for events that come in their own time. */
    async unannounced(puts: () => Promise<void>): Promise<LandedFile[]> {
      const files: LandedFile[] = []
      const { land } = world.files
      world.files.land = async (file) => {
        files.push(file)
        return 'landed'
      }
      await puts()
      world.files.land = land
      return files
    },
    /** One run of the cadence with a job that works; undefined if nothing was claimed. Throws if it ends in another status. */
    async tick(status = 'completed'): Promise<PlanEntry | undefined> {
      executions += 1
      const claimed = await claim(world, `tick${executions}`)
      const [planned] = await plannedTables(world, claimed)
      if (!planned) return undefined
      await runJob(world, lake, claimed)
      if (!planned.resolve_only) commit(planned.entry)
      const report = await settle(world, `tick${executions}`, claimed)
      if (report.tables[0]?.status !== status) throw new Error(JSON.stringify(report.tables))
      return planned.entry
    },
    configure: async (change: Partial<TableConfig>) => {
      const { reload: _, ...stored } = (await world.config.table(CADENCE, TABLE)) ?? config
      await world.config.putTable({ ...stored, ...change })
    },
    /** Quarantined, as a settling leaves it. */
    async aside(file: LandedFile): Promise<void> {
      const seen = (await world.tables.get(TABLE)) as TableItem
      const claimed: TableItem = { ...seen, revision: seen.revision + 1, refresh_status: 'updating_table' }
      await world.tables.replace(claimed, seen)
      await world.files.move({ table: TABLE, token: seen.claim_token }, [
        { settled: { ...quarantined(file), file_ingestion_status: 'raw_file_quarantined' } },
      ])
      await world.tables.replace({ ...seen, revision: claimed.revision + 1 }, claimed)
    },
    cadence: async (): Promise<BatchConfig> => {
      const found = await world.config.cadence(CADENCE)
      if (!found) throw new Error('no cadence')
      return found
    },
    waiting: () => world.files.waiting(TABLE, 1000),
    settled: () => world.files.settledFiles(TABLE, 1000),
    rows: () => snapshotOf(commits, rowsOf),
    versions: () => commits.flatMap((entry) => entry.files).flatMap((file) => rowsOf.get(file.file_id) ?? []).length,
  }
}

/** Rules 5 to 7: newest sequence of a key wins, also over a stored row; deletes are remembered; a reload replaces. */
function snapshotOf(commits: readonly PlanEntry[], rowsOf: ReadonlyMap<string, readonly Row[]>): Row[] {
  let newest = new Map<number, Row>()
  for (const { generation, files } of commits) {
    if (generation.replaces) newest = new Map()
    for (const row of files.flatMap((file) => rowsOf.get(file.file_id) ?? [])) {
      const rival = newest.get(row.id)
      if (!rival || (row.seq ?? '') > (rival.seq ?? '')) newest.set(row.id, row)
    }
  }
  const rows = [...newest.values()].filter((row) => row.op !== 'D').map(({ id, v }) => ({ id, v: v ?? 0 }))
  return rows.sort((a, b) => a.id - b.id)
}

export const nameOf = (file: KnownFile | PlanEntry['files'][number]): string =>
  ('uri' in file ? parseS3Uri(file.uri).key : file.file_ingestion_path).split('/').at(-1) ?? ''
