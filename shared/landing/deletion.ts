/** An object of the staging bucket was deleted: the last one of a table tells that the table was truncated at its source. */
import { truncatedItem } from '../claims/truncation.ts'
import type { ObjectDeletedEvent } from '../contracts/event.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { InputError, LedgerError } from '../errors.ts'
import { type DataKey, type ParsedKey, parseKey, type Sources } from '../files/parse-key.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableLedger } from '../ports/table-ledger.ts'

export interface DeletionPorts {
  readonly objects: Pick<ObjectStore, 'listed'>
  readonly tables: Pick<TableLedger, 'get' | 'replace'>
  readonly config: Pick<ConfigStore, 'table'>
  readonly sources: () => Promise<Sources>
  readonly clock: Clock
  readonly stagingBucket: string
}

export type Deletion =
  /** By a lifecycle rule, or of an old version only. */
  | 'no_truncation'
  /** Nothing that a table is made of. */
  | 'not_data'
  /** The table has no rows of ours yet, or the deletion is older than its load. */
  | 'nothing_loaded'
  | 'already_known'
  | 'not_configured'
  | 'ignored_by_policy'
  /** Older files, or a full load, are there: it is no truncation, or not yet the last event of one. */
  | 'objects_remain'
  | 'truncated'

/** More than two rounds need more than two writers in one moment. */
const ROUNDS = 8

/**
 * Says what the deletion means, and holds the table if it was truncated and `on_truncate` is `hold`. Throws what ports throw, and
 * LedgerError TG3118 (transient) when others write the table's item faster than it can look.
 */
export async function noteDeletion(event: ObjectDeletedEvent, ports: DeletionPorts): Promise<Deletion> {
  const { bucket, object, reason, 'deletion-type': type } = event.detail
  // In a bucket with versions, a plain delete makes a marker; what is deleted for good is an old version.
  const isOldVersion = object['version-id'] !== undefined && type === 'Permanently Deleted'
  if (reason !== 'DeleteObject' || isOldVersion) return 'no_truncation'
  const sources = await ports.sources()
  const parsed = parsedKey(bucket.name, object.key, sources, ports.stagingBucket)
  if (parsed?.kind !== 'full' && parsed?.kind !== 'incremental') return 'not_data'
  const atS = Math.floor(Date.parse(event.time) / 1000)
  for (let round = 0; round < ROUNDS; round += 1) {
    const item = await ports.tables.get(parsed.ledgerKey)
    const known = await whyNot(item, atS, ports)
    if (item === undefined || known !== undefined) return known ?? 'nothing_loaded'
    if (await filesRemain(object.key, parsed, atS, sources, ports)) return 'objects_remain'
    if ((await ports.tables.replace(truncatedItem(item, atS, ports.clock.now()), item)).written) return 'truncated'
  }
  throw new LedgerError(
    'TG3118',
    `The item of \`${parsed.ledgerKey}\` changed \`${ROUNDS}\` times while its truncation was noted. The event is delivered again.`,
    { certainty: 'transient' },
  )
}

async function whyNot(
  item: TableItem | undefined,
  atS: EpochSeconds,
  { config }: DeletionPorts,
): Promise<Deletion | undefined> {
  const hasRows = item !== undefined && (item.last_snapshot !== null || item.entry_uri !== null)
  if (!hasRows || atS < (item.generation_from_s ?? 0)) return 'nothing_loaded'
  if ((item.truncated_at_s ?? 0) >= atS) return 'already_known'
  const configured = await config.table(item.refresh_cadence, item.raw_table_name)
  if (configured === undefined) return 'not_configured'
  return configured.on_truncate === 'ignore' ? 'ignored_by_policy' : undefined
}

// DMS   deletes a, b, c ── the table goes on ── puts d
// here  event of a: b is older than it ─ event of c: only d is there, which is younger: truncated
/** Whether an object of the table is older than the deletion, or a full load is there. Lists until it finds one. */
async function filesRemain(
  key: string,
  { ledgerKey, sourceName }: DataKey,
  atS: EpochSeconds,
  sources: Sources,
  { objects, stagingBucket }: DeletionPorts,
): Promise<boolean> {
  const folder = folderOf(key, sources[sourceName])
  for await (const object of objects.listed(stagingBucket, folder)) {
    const parsed = parsedKey(stagingBucket, object.key, sources, stagingBucket)
    if (parsed === undefined || parsed.kind === 'ignored' || parsed.ledgerKey !== ledgerKey) continue
    if (parsed.kind === 'full' || object.put_at_s < atS) return true
  }
  return false
}

/** `in/Sales/Orders/2023/x.parquet` → `in/Sales/Orders/`. */
function folderOf(key: string, source: Sources[string] | undefined): string {
  const prefix = source?.prefix ?? ''
  const depth = source?.layout === '{table}' ? 1 : 2
  return `${prefix}${key.slice(prefix.length).split('/').slice(0, depth).join('/')}/`
}

/** Undefined for a key that no source explains: of what never was a table's file, the deletion says nothing. */
function parsedKey(...args: Parameters<typeof parseKey>): ParsedKey | undefined {
  try {
    return parseKey(...args)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
