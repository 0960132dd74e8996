/**
 * Truncations that no event told of: tables of which a file is gone that no lifecycle rule can have deleted, and nothing older is
 * there. They are held, and not emptied: what a listing shows is no word of what a request did.
 */
import { mapBounded } from '../bounded.ts'
import { beganAtS, truncatedAtS } from '../claims/generations.ts'
import { truncatedItem } from '../claims/truncation.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { SettledFile, TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { folderOf, parsedKey } from '../files/folder-of.ts'
import { EVERYTHING } from '../look-further.ts'
import { FOR_EVER_S } from '../operate/applied-files.ts'
import { isLate, type ReconcileOptions, type ReconcilePorts } from './options.ts'
import { keepExample, type ReconcileReport } from './report.ts'

const TABLES_AT_ONCE = 16
const LOOKS_AT_ONCE = 16
/**
 * A lifecycle rule deletes an object a day after its put at the earliest: it counts whole days, and rounds up to midnight (S3 user
 * guide, lifecycle elements). A minute is for the time that the look takes.
 */
const YOUNGER_THAN_ANY_EXPIRATION_S = 86_400 - 60

/** Adds to `report`. Stops at the deadline; the next reconciliation begins anew. */
export async function findTruncated(
  options: ReconcileOptions,
  ports: ReconcilePorts,
  report: ReconcileReport,
): Promise<void> {
  const tables = await tablesToLookAt(options, ports)
  await mapBounded(tables, TABLES_AT_ONCE, async ({ config, item }) => {
    if (isLate(options, ports)) {
      report.complete = false
      return
    }
    const found = await lookAt(config, item, options, ports)
    if (found === undefined) return
    if (found === 'without_files') {
      report.without_files += 1
      return
    }
    const noted = truncatedItem(item, found, ports.clock.now(), false)
    // Whoever wrote the item meanwhile may know more; an hour later it is looked at again.
    if (!options.dryRun && !(await ports.tables.replace(noted, item)).written) return
    report.truncated += 1
    keepExample(report.examples.truncated, { table: item.raw_table_name, truncated_at_s: found })
  })
}

interface TableToLookAt {
  readonly config: TableConfig
  readonly item: TableItem
}

/** Those that have rows, and of which nothing of the kind is known. */
async function tablesToLookAt(
  { table }: ReconcileOptions,
  { config, tables }: ReconcilePorts,
): Promise<TableToLookAt[]> {
  const cadences = await config.cadences()
  const configured = (await Promise.all(cadences.map((one) => config.tables(one.refresh_cadence)))).flat()
  const asked = configured.filter(
    ({ source_table_name, is_active, on_truncate }) =>
      is_active === 'Y' && on_truncate !== 'ignore' && (table === undefined || source_table_name === table),
  )
  const items = await tables.getMany(asked.map((one) => one.source_table_name))
  return asked.flatMap((one) => {
    const item = items.get(one.source_table_name)
    const isCandidate = item && item.last_snapshot !== null && truncatedAtS(item) === undefined
    return isCandidate ? [{ config: one, item }] : []
  })
}

// lifecycle   only what is a day old goes:   [ … gone … ][ younger ones, all there ]
// truncation  all that was there goes:       [ … gone … ][ younger ones gone ][ put since, if anything ]
/** From when on files are there; `without_files`: none is, which a lifecycle rule may have done; undefined: all is well. */
async function lookAt(
  { source_table_name: table }: TableConfig,
  item: TableItem,
  options: ReconcileOptions,
  ports: ReconcilePorts,
): Promise<EpochSeconds | 'without_files' | undefined> {
  const nowS = Math.floor(ports.clock.now() / 1000)
  const [newest] = await ports.files.settledFiles(table, 1)
  if (newest === undefined || (options.source !== undefined && newest.source_name !== options.source)) return undefined
  const sinceS = nowS - YOUNGER_THAN_ANY_EXPIRATION_S
  const oldest = await oldestThere(newest, sinceS, ports)
  if (oldest === 'older') return undefined
  const fromS = Math.max(sinceS, beganAtS(item), item.truncation_over_s ?? 0)
  const young = (await ports.files.settledBetween(table, fromS, oldest ?? FOR_EVER_S)).filter(isApplied)
  if (young.length > 0 && (await areGone(young, ports))) return oldest ?? (await newestPut(table, newest, ports)) + 1
  return oldest === undefined ? 'without_files' : undefined
}

/** By the times of S3 alone, since a clock may be wrong: what is put from now on is younger. */
async function newestPut(table: string, settled: SettledFile, { files }: ReconcilePorts): Promise<EpochSeconds> {
  const waiting = await files.waiting(table, EVERYTHING)
  return Math.max(settled.put_at_s, ...waiting.map((file) => file.put_at_s))
}

const isApplied = (file: SettledFile): boolean => file.file_ingestion_status === 'raw_file_processed'

/** When the oldest object of the table was put; `older` than `sinceS` as soon as one is found; undefined if there is none. */
async function oldestThere(
  { source_table_name, source_name, file_ingestion_path }: SettledFile,
  sinceS: EpochSeconds,
  { objects, sources, stagingBucket }: ReconcilePorts,
): Promise<EpochSeconds | 'older' | undefined> {
  const known = await sources()
  let oldest: EpochSeconds | undefined
  for await (const object of objects.listed(stagingBucket, folderOf(file_ingestion_path, source_name, known))) {
    const parsed = parsedKey(stagingBucket, object.key, known)
    if (parsed === undefined || parsed.kind === 'ignored' || parsed.ledgerKey !== source_table_name) continue
    if (object.put_at_s < sinceS) return 'older'
    oldest = Math.min(oldest ?? object.put_at_s, object.put_at_s)
  }
  return oldest
}

/** No object has the key of any of them: one that was put again is no sign of a deletion. */
async function areGone(files: readonly SettledFile[], { objects }: ReconcilePorts): Promise<boolean> {
  const heads = await mapBounded(files, LOOKS_AT_ONCE, (file) =>
    objects.head(file.file_ingestion_s3_bucket, file.file_ingestion_path),
  )
  return heads.every((head) => head === undefined)
}
