/** Which tables of a cadence have work, and in which batches: what batch-manager does. */
import { mapBounded } from '../bounded.ts'
import { isClaimed, isHeld, isHeldTruncated, isToBeEmptied } from '../claims/table-state.ts'
import { controlLayout } from '../contracts/control-layout.ts'
import type { LandedFile, TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { type BatchManagerInput, type BatchManagerOutput, type ManifestBatch, manifest } from '../contracts/runs.ts'
import { readDocument, writtenDocument } from '../documents.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { packBatches } from './pack.ts'
import { unknownCadence } from './unknown-cadence.ts'

export interface BatchingPorts {
  readonly config: Pick<ConfigStore, 'cadence' | 'tables'>
  readonly tables: Pick<TableLedger, 'getMany'>
  readonly files: Pick<FileLedger, 'waiting'>
  readonly objects: Pick<ObjectStore, 'get' | 'putIfAbsent'>
  readonly clock: Clock
  readonly signals: Signals
  readonly controlBucket: string
}

/** Queries of the file tracker at once: each is a `Limit 1`, so 3,000 tables take a few seconds. */
const QUERIES_AT_ONCE = 32

/**
 * Puts the manifest of batches on the control bucket and returns where it is. Called again for the same execution, it answers
 * from the manifest that is there. Throws ConfigurationError TG1301 for a cadence that nobody configured.
 */
export async function batchTables(input: BatchManagerInput, ports: BatchingPorts): Promise<BatchManagerOutput> {
  const cadence = await ports.config.cadence(input.refresh_cadence)
  if (!cadence) throw unknownCadence(input.refresh_cadence)

  const place = { bucket: ports.controlBucket, key: controlLayout.manifest(input.execution_name) }
  const output = (batches: ManifestBatch[]): BatchManagerOutput => ({
    ...place,
    batches: batches.length,
    max_concurrency: cadence.max_concurrency,
  })

  const earlier = await readDocument(manifest, place, ports.objects)
  if (earlier) return output(earlier)

  const withWork = await tablesWithWork(cadence.refresh_cadence, ports)
  const tables = withWork.filter((table) => table === (input.table ?? table))
  const batches = packBatches(tables, cadence.refresh_tables_batch_size)
  ports.signals.count('TablesWithWork', tables.length)
  ports.signals.count('BatchesPlanned', batches.length)
  return output(await writtenDocument(manifest, batches, place, ports.objects))
}

/**
 * Active tables with waiting files or an unresolved claim, by name. Held ones are left out, since they wait for an operator; but not
 * truncated ones, whose hold a full load ends.
 */
async function tablesWithWork(cadence: string, ports: BatchingPorts): Promise<string[]> {
  const configured = await ports.config.tables(cadence)
  const active = configured.filter((table) => table.is_active === 'Y').map((table) => table.source_table_name)
  const items = await ports.tables.getMany(active)
  const held = active.filter((table) => isHeld(items.get(table)))
  const candidates = active.filter((table) => !isHeld(items.get(table)) || isHeldTruncated(items.get(table)))
  ports.signals.count('TablesHeldBack', held.filter((table) => !isToBeEmptied(items.get(table))).length)

  const looks = await mapBounded(candidates, QUERIES_AT_ONCE, (table) => look(table, items.get(table), ports))
  const oldest = Math.max(0, ...looks.map((one) => one.waitingForSeconds))
  ports.signals.count('OldestWaitingAge', oldest, 'Seconds')
  return looks.filter((one) => one.hasWork).map((one) => one.table)
}

async function look(table: string, item: TableItem | undefined, ports: BatchingPorts) {
  const [oldest] = await ports.files.waiting(table, 1)
  return {
    table,
    hasWork: oldest !== undefined || isClaimed(item) || item?.entry_uri != null || isToBeEmptied(item),
    // Held ones wait for their load, or an operator.
    waitingForSeconds:
      oldest && !isHeld(item) ? Math.max(0, Math.floor(ports.clock.now() / 1000) - waitsSinceS(oldest)) : 0,
  }
}

/** A file that was applied long ago, and is backfilled, waits since then. */
const waitsSinceS = ({ put_at_s, backfilled_at_ms = 0 }: LandedFile): EpochSeconds =>
  Math.max(put_at_s, Math.floor(backfilled_at_ms / 1000))
