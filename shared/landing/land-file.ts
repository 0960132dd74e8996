/** Landing: one event of the staging bucket becomes one waiting file in the ledger, however often the event comes. */
import type { ObjectCreatedEvent } from '../contracts/event.ts'
import type { LandedFile } from '../contracts/ledger.ts'
import { fileIdOf } from '../files/file-id.ts'
import { type DataKey, type IgnoredKey, parseKey, type Sources } from '../files/parse-key.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectHead, ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'

export interface LandingPorts {
  readonly objects: Pick<ObjectStore, 'head'>
  readonly files: Pick<FileLedger, 'land'>
  readonly sources: () => Promise<Sources>
  readonly clock: Clock
  readonly signals: Signals
  /** The only bucket whose events are accepted. */
  readonly stagingBucket: string
}

export type Landing =
  | { readonly result: 'landed' | 'already_waiting' | 'already_settled'; readonly file: LandedFile }
  /** Nothing that a table is made of. */
  | { readonly result: 'ignored'; readonly reason: IgnoredKey['reason'] }
  /** Deleted, or overwritten by other bytes, whose put has an event of its own. */
  | { readonly result: 'object_gone' }

const METRIC = {
  landed: 'FilesLanded',
  already_waiting: 'FilesAlreadyWaiting',
  already_settled: 'FilesAlreadySettled',
  ignored: 'FilesIgnored',
  object_gone: 'ObjectsGone',
} as const

/**
 * Counts what came of the event. Throws InputError TG2004…TG2015 (terminal) for a key that isn't a table's file and
 * ConfigurationError TG1001 (transient) before the first `config apply`. A table that isn't configured is landed too.
 */
export async function landFile({ detail }: ObjectCreatedEvent, ports: LandingPorts): Promise<Landing> {
  const landing = await landObject(detail.bucket.name, detail.object, ports)
  ports.signals.count(METRIC[landing.result], 1)
  return landing
}

/** The same for an object that a listing showed: what an event said of it and what a listing says are one and the same. */
export async function landObject(
  bucket: string,
  { key, etag }: { readonly key: string; readonly etag: string },
  ports: Omit<LandingPorts, 'signals'>,
): Promise<Landing> {
  const parsed = parseKey(bucket, key, await ports.sources(), ports.stagingBucket)
  if (parsed.kind === 'ignored') return { result: 'ignored', reason: parsed.reason }

  // The event has no put time that a listing would show too: S3's own `LastModified` is what landing and reconciling share.
  const head = await ports.objects.head(bucket, key, etag)
  if (!head) return { result: 'object_gone' }
  const file = landedFileOf(bucket, key, parsed, head, ports.clock.now())
  return { result: await ports.files.land(file), file }
}

/** The ledger item of an object as it is on S3 now. */
function landedFileOf(bucket: string, key: string, parsed: DataKey, head: ObjectHead, nowMs: number): LandedFile {
  return {
    source_table_name: parsed.ledgerKey,
    file_id: fileIdOf({ bucket, key, versionId: head.version_id, etag: head.etag, putAtS: head.put_at_s }),
    file_ingestion_status: 'raw_file_landed',
    file_ingestion_date_time: new Date(head.put_at_s * 1000).toISOString().slice(0, 19).replace('T', ' '),
    file_ingestion_s3_bucket: bucket,
    file_ingestion_path: key,
    dms_file_type: parsed.kind === 'full' ? 'Full' : 'Incremental',
    schema_name: parsed.schema,
    table_name: parsed.table,
    source_name: parsed.sourceName,
    format: parsed.format,
    compression: parsed.compression,
    etag: head.etag,
    ...(head.version_id === undefined ? {} : { version_id: head.version_id }),
    bytes: head.bytes,
    put_at_s: head.put_at_s,
    landed_at_ms: nowMs,
  }
}
