/** An object of the staging bucket was deleted: the last one of a table tells that the table was truncated at its source. */
import { beganAtS } from '../claims/generations.ts'
import { isToBeEmptied } from '../claims/table-state.ts'
import { notEmptied, ONE_GO_S, toBeEmptied, truncatedItem } from '../claims/truncation.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { ObjectDeletedEvent } from '../contracts/event.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { LedgerError } from '../errors.ts'
import { folderOf, parsedKey } from '../files/folder-of.ts'
import type { DataKey, Sources } from '../files/parse-key.ts'
import { EVERYTHING } from '../look-further.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableLedger } from '../ports/table-ledger.ts'

export interface DeletionPorts {
  readonly objects: Pick<ObjectStore, 'listed'>
  readonly files: Pick<FileLedger, 'waiting' | 'settledFiles' | 'settledBetween'>
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
  /** Older files are there: it is no truncation, or not yet the last event of one. */
  | 'objects_remain'
  | 'truncated'

/** What a deletion comes to, and what of it is to be written at the table first. */
type Meaning = readonly [Deletion, next?: TableItem | undefined]

/** More than two rounds need more than two writers in one moment. */
const ROUNDS = 8

/**
 * Says what the deletion means, and notes at the table that it was truncated, unless `on_truncate` is `ignore`. Throws what ports
 * throw, and LedgerError TG3118 (transient) when others write the table's item faster than it can look.
 */
export async function noteDeletion(event: ObjectDeletedEvent, ports: DeletionPorts): Promise<Deletion> {
  const { bucket, object, reason, 'deletion-type': type } = event.detail
  // In a bucket with versions, a plain delete makes a marker; what is deleted for good is an old version.
  const isOldVersion = object['version-id'] !== undefined && type === 'Permanently Deleted'
  if (reason !== 'DeleteObject' || isOldVersion) return 'no_truncation'
  const sources = await ports.sources()
  const parsed = parsedKey(bucket.name, object.key, sources, ports.stagingBucket)
  if (parsed?.kind !== 'full' && parsed?.kind !== 'incremental') return 'not_data'
  const deleted = {
    parsed,
    folder: folderOf(object.key, parsed.sourceName, sources),
    atS: Math.floor(Date.parse(event.time) / 1000),
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const item = await ports.tables.get(parsed.ledgerKey)
    if (!item || !hasRows(item) || deleted.atS <= beganAtS(item)) return 'nothing_loaded'
    const [deletion, next] = await meaningOf(deleted, item, sources, ports)
    if (next === undefined || (await ports.tables.replace(next, item)).written) return deletion
  }
  throw new LedgerError(
    'TG3118',
    `The item of \`${parsed.ledgerKey}\` changed \`${ROUNDS}\` times while its truncation was noted. The event is delivered again.`,
    { certainty: 'transient' },
  )
}

interface Deleted {
  readonly parsed: DataKey
  readonly folder: string
  readonly atS: EpochSeconds
}

const hasRows = (item: TableItem): boolean => item.last_snapshot !== null || item.entry_uri !== null

async function meaningOf(deleted: Deleted, item: TableItem, sources: Sources, ports: DeletionPorts): Promise<Meaning> {
  const config = await ports.config.table(item.refresh_cadence, item.raw_table_name)
  if (config === undefined) return ['not_configured']
  if (config.on_truncate === 'ignore') return ['ignored_by_policy']
  const { atS } = deleted
  const empties = mayEmpty(deleted, item, config)
  if (empties && isNear(item.truncated_at_s, atS) && !isToBeEmptied(item))
    return ['truncated', { ...toBeEmptied(item), revision: item.revision + 1 }]
  if (atS <= latestKnown(item)) return ['already_known']
  if (await filesRemain(deleted, sources, ports)) return ['objects_remain', loadDeleted(deleted, item, config)]
  if (!(await anyPutSince(item, atS, ports))) return ['already_known']
  return ['truncated', truncatedItem(item, atS, ports.clock.now(), empties)]
}

const isNear = (oneS: EpochSeconds | undefined, otherS: EpochSeconds): boolean =>
  oneS !== undefined && Math.abs(otherS - oneS) <= ONE_GO_S

// lifecycle  LOAD, a, b … expire, which tells nobody ─ only z is left
// somebody   deletes z: all files are gone, and nobody truncated the table
// DMS        deletes LOAD, a, b … z in one go, and each deletion has its event
/**
 * Whether the table may be emptied without an operator: requests deleted all that was left of it and, within the hour, a file of its
 * full load too. Who has only the last change file deleted may have had a lifecycle rule delete the others.
 */
function mayEmpty({ parsed, atS }: Deleted, item: TableItem, config: TableConfig): boolean {
  if (config.on_truncate !== 'empty' || item.last_snapshot === null) return false
  if (notEmptied({ ...config.merge, ...config.target }) !== undefined) return false
  return parsed.kind === 'full' || isNear(item.load_deleted_at_s, atS)
}

/** The item that remembers it; undefined where it need not, or does. */
function loadDeleted({ parsed, atS }: Deleted, item: TableItem, config: TableConfig): TableItem | undefined {
  const isNoted = config.on_truncate !== 'empty' || (item.load_deleted_at_s ?? 0) > atS - ONE_GO_S / 2
  if (parsed.kind !== 'full' || isNoted) return undefined
  return { ...item, revision: item.revision + 1, load_deleted_at_s: atS }
}

/** Up to when deletions are dealt with: noted, or decided by an operator. */
const latestKnown = ({ truncated_at_s = 0, truncation_over_s = 0 }: TableItem): EpochSeconds =>
  Math.max(truncated_at_s, truncation_over_s)

// DMS   deletes a, b, c within seconds           the events come in any order, also when the table is emptied already
// here  event of b: all are gone: truncated at b's time ─ event of c, three seconds later: nothing was put since, so known
/** Whether anything was put between what is known and the deletion: else it deleted what was truncated before. */
async function anyPutSince(item: TableItem, atS: EpochSeconds, { files }: DeletionPorts): Promise<boolean> {
  const table = item.raw_table_name
  const sinceS = Math.max(latestKnown(item), beganAtS(item))
  if (sinceS === 0) return true
  const [newest] = await files.settledFiles(table, 1)
  if (newest && newest.put_at_s >= sinceS) {
    if (newest.put_at_s <= atS) return true
    if ((await files.settledBetween(table, sinceS, atS + 1)).length > 0) return true
  }
  const waiting = await files.waiting(table, EVERYTHING)
  return waiting.some(({ put_at_s }) => put_at_s >= sinceS && put_at_s <= atS)
}

// DMS   deletes a, b, c ── the table goes on ── puts d
// here  event of a: b is older than it ─ event of c: only d is there, which is younger: truncated
/** Whether an object of the table is older than the deletion. Lists until it finds one. */
async function filesRemain(
  { parsed: { ledgerKey }, folder, atS }: Deleted,
  sources: Sources,
  { objects, stagingBucket }: DeletionPorts,
): Promise<boolean> {
  for await (const object of objects.listed(stagingBucket, folder)) {
    const parsed = parsedKey(stagingBucket, object.key, sources)
    if (parsed === undefined || parsed.kind === 'ignored' || parsed.ledgerKey !== ledgerKey) continue
    if (object.put_at_s < atS) return true
  }
  return false
}
