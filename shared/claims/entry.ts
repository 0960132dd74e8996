/** The plan entry of a table: what a claim freezes, and what every attempt at the batch gets again. */
import { createHash } from 'node:crypto'
import { mapBounded } from '../bounded.ts'
import type { TableConfig } from '../contracts/config.ts'
import { controlLayout, parseS3Uri, s3UriOf } from '../contracts/control-layout.ts'
import type { KnownFile, TableItem } from '../contracts/ledger.ts'
import { type PlanEntry, type PlannedFile, planEntry } from '../contracts/plan.ts'
import { bodyOf, readDocument } from '../documents.ts'
import { OurError } from '../errors.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { batchIdOf } from './batch-id.ts'

interface EntryFiles {
  readonly files: readonly KnownFile[]
  readonly generation: PlanEntry['generation']
  /** No file of it may be put aside, whatever the configuration says. */
  readonly whole?: true
}

/** The entry of a new batch: the configuration is resolved into it, so that later edits apply to the next batch only. */
export function newEntry(
  config: Pick<TableConfig, 'source_table_name' | 'merge' | 'target' | 'text_files'>,
  { files, generation, whole }: EntryFiles,
  item: TableItem | undefined,
  controlBucket: string,
): PlanEntry {
  const table = config.source_table_name
  const fileIds = files.map((file) => file.file_id)
  return {
    contract: 'tidegate.entry/1',
    batch_id: batchIdOf(table, generation.id, fileIds),
    generation,
    files: files.map(plannedFileOf),
    applied: {
      // Of this generation: a reload's first commit is the first that it has.
      max_sequence: generation.id === item?.generation ? item.applied_max_sequence : null,
      snapshot: item?.last_snapshot ?? null,
      tombstones: s3UriOf(controlBucket, controlLayout.tombstones(table, generation.id)),
      // Nothing of the log is thrown away yet, so it is complete from the beginning.
      tombstones_cover_from: null,
    },
    merge: whole ? { ...config.merge, on_bad_file: 'hold' } : config.merge,
    target: config.target,
    ...(config.text_files ? { text_files: config.text_files } : {}),
  }
}

const plannedFileOf = (file: KnownFile): PlannedFile => ({
  file_id: file.file_id,
  uri: s3UriOf(file.file_ingestion_s3_bucket, file.file_ingestion_path),
  kind: file.dms_file_type === 'Full' ? 'full' : 'incremental',
  format: file.format,
  compression: file.compression,
  etag: file.etag,
  bytes: file.bytes,
  put_at_s: file.put_at_s,
})

/**
 * Puts the entry and returns its URI. Its name has a hash of its content: two claimers that race, one of them with an older
 * configuration, never write over each other, and the one whose claim wins has frozen exactly what it read.
 */
export async function putEntry(
  table: string,
  entry: PlanEntry,
  controlBucket: string,
  objects: Pick<ObjectStore, 'putIfAbsent'>,
): Promise<string> {
  const body = bodyOf(entry)
  const content = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const key = controlLayout.entry(table, entry.batch_id, content)
  await objects.putIfAbsent(controlBucket, key, body)
  return s3UriOf(controlBucket, key)
}

/** The frozen entry behind a ledger item. OurError TG9304 if it is not there, TG9302 if it breaks its contract. */
export async function frozenEntry(item: TableItem, objects: Pick<ObjectStore, 'get'>): Promise<PlanEntry> {
  const entry = item.entry_uri ? await readDocument(planEntry, parseS3Uri(item.entry_uri), objects) : undefined
  if (entry && entry.batch_id === item.batch_id) return entry
  throw new OurError(
    'TG9304',
    `The frozen plan entry of \`${item.raw_table_name}\`, \`${item.entry_uri}\`, is ${entry ? `of batch \`${entry.batch_id}\` and not \`${item.batch_id}\`` : 'gone'}. Restore the object from a backup of the control bucket.`,
  )
}

const LOOKS_AT_ONCE = 16

/** Every file of the entry has the bytes that it was planned with. */
export async function isStillThere(entry: PlanEntry, objects: Pick<ObjectStore, 'head'>): Promise<boolean> {
  const heads = await mapBounded(entry.files, LOOKS_AT_ONCE, ({ uri, etag }) => {
    const { bucket, key } = parseS3Uri(uri)
    return objects.head(bucket, key, etag)
  })
  return heads.every((head) => head !== undefined)
}
