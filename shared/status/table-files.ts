/** Answers an operator's question: which files of this table wait, and what became of the latest ones? */
import type { LandedFile, SettledFile } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import type { FileLedger } from '../ports/file-ledger.ts'

export interface FileRow {
  readonly file_id: string
  /** `s3://bucket/key`. */
  readonly uri: string
  readonly kind: 'full load' | 'change'
  readonly bytes: number
  readonly put_ms: EpochMs
  readonly status: LandedFile['file_ingestion_status'] | SettledFile['file_ingestion_status']
  /** Why it was superseded or quarantined. */
  readonly reason: string | null
  /** The rest is null while it waits, and where no batch applied it. */
  readonly settled_ms: EpochMs | null
  readonly batch_id: string | null
  readonly run_id: string | null
  readonly rows: number | null
  readonly min_sequence: string | null
  readonly max_sequence: string | null
}

export interface TableFiles {
  /** Oldest first: the order in which they are applied. */
  readonly waiting: readonly FileRow[]
  /** Latest put first. */
  readonly settled: readonly FileRow[]
  /** There are more than `limit` of them. */
  readonly more: { readonly waiting: boolean; readonly settled: boolean }
}

/** At most `limit` (from 1) files of each kind; a table that nobody knows has none. */
export async function tableFiles(
  table: string,
  limit: number,
  ledger: Pick<FileLedger, 'waiting' | 'settledFiles'>,
): Promise<TableFiles> {
  const [waiting, settled] = await Promise.all([
    ledger.waiting(table, limit + 1),
    ledger.settledFiles(table, limit + 1),
  ])
  return {
    waiting: waiting.slice(0, limit).map(fileRow),
    settled: settled.slice(0, limit).map(fileRow),
    more: { waiting: waiting.length > limit, settled: settled.length > limit },
  }
}

function fileRow(file: LandedFile | SettledFile): FileRow {
  const settled = 'settled_at_ms' in file ? file : undefined
  return {
    file_id: file.file_id,
    uri: `s3://${file.file_ingestion_s3_bucket}/${file.file_ingestion_path}`,
    kind: file.dms_file_type === 'Full' ? 'full load' : 'change',
    bytes: file.bytes,
    put_ms: file.put_at_s * 1000,
    status: file.file_ingestion_status,
    reason: settled?.reason ?? null,
    settled_ms: settled?.settled_at_ms ?? null,
    batch_id: settled?.batch_id ?? null,
    run_id: settled?.glue_job_run_id ?? null,
    rows: settled?.rows ?? null,
    min_sequence: settled?.min_sequence ?? null,
    max_sequence: settled?.max_sequence ?? null,
  }
}
