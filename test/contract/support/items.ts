/** Well-formed items for the contract suites, each under names that no other test uses. */
import { createHash, randomUUID } from 'node:crypto'
import type { BatchConfig, TableConfig } from '../../../shared/contracts/config.ts'
import type {
  FullLoadMarker,
  LandedFile,
  QuarantineNote,
  SettledFile,
  TableItem,
  TableRun,
} from '../../../shared/contracts/ledger.ts'
import { fullLoadMarkerId } from '../../../shared/contracts/ledger.ts'

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
export const newName = (): string => `t_${randomUUID().replaceAll('-', '')}`

export function landed(table: string, n: number, more: Partial<LandedFile> = {}): LandedFile {
  const key = more.file_ingestion_path ?? `staging/hr/${table}/file-${n}.parquet`
  const put_at_s = 1_700_000_000 + n
  return {
    source_table_name: table,
    file_id: `${String(put_at_s).padStart(12, '0')}-${sha(key)}`,
    file_ingestion_status: 'raw_file_landed',
    file_ingestion_date_time: '2023-11-14 22:13:20',
    file_ingestion_s3_bucket: 'staging',
    file_ingestion_path: key,
    dms_file_type: 'Incremental',
    schema_name: 'hr',
    table_name: table,
    source_name: 'operational',
    format: 'parquet',
    compression: 'none',
    etag: sha(key).slice(0, 32),
    bytes: 1_000 + n,
    put_at_s,
    landed_at_ms: put_at_s * 1000 + 250,
    ...more,
  }
}

export const settled = (file: LandedFile, more: Partial<SettledFile> = {}): SettledFile => ({
  ...file,
  file_ingestion_status: 'raw_file_processed',
  settled_at_ms: 1_700_001_000_000,
  batch_id: `sha256:${sha(file.file_id)}`,
  glue_job_run_id: 'run-1-0',
  generation: 1,
  rows: 10,
  min_sequence: null,
  max_sequence: '20231114221320000000000000000000001',
  expires_at_s: 1_734_561_000,
  ...more,
})

export const quarantined = (file: LandedFile, more: Partial<QuarantineNote> = {}): SettledFile => ({
  ...file,
  file_ingestion_status: 'raw_file_quarantined',
  reason: 'truncated',
  quarantine: {
    stage: 'read',
    reason: 'truncated',
    detail: 'it has no footer',
    rows: [3, 7],
    error_code: 'TG2104',
    batch_id: `sha256:${sha(file.file_id)}`,
    discarded_at_ms: null,
    ...more,
  },
  settled_at_ms: 1_700_001_000_000,
  glue_job_run_id: 'run-1-0',
  expires_at_s: 1_734_561_000,
})

export const markerOf = (file: LandedFile, generation = 1): FullLoadMarker => ({
  source_table_name: file.source_table_name,
  file_id: fullLoadMarkerId(generation, file.file_ingestion_path),
  file_ingestion_path: file.file_ingestion_path,
  put_at_s: file.put_at_s,
  marker_of: file.file_id,
})

export const claimed = (table: string, more: Partial<TableItem> = {}): TableItem => ({
  raw_table_name: table,
  revision: 1,
  refresh_status: 'updating_table',
  refresh_start_time: '2023-11-14 22:13:20',
  refresh_end_time: null,
  glue_job_run_id: 'run-1-0',
  engine_run_id: null,
  refresh_cadence: '10_min_refresh',
  schema_name: 'hr',
  table_name: table,
  claim_token: 7,
  claim_owner: 'arn:aws:states:us-east-1:000000000000:execution:file-processor/EachBatch:a',
  claimed_at_ms: 1_700_000_000_000,
  batch_id: `sha256:${sha(table)}`,
  entry_uri: `s3://control/entries/${table}/${sha(table)}.json`,
  attempts: 1,
  unproved_runs: [],
  failed_attempts: 0,
  max_attempts: 5,
  generation: 1,
  generation_from_s: null,
  applied_max_sequence: null,
  last_snapshot: null,
  last_committed_at_ms: null,
  last_batch_id: null,
  fresh_as_of_s: null,
  reload: null,
  rebuilt: null,
  hold_reason: null,
  error: null,
  ...more,
})

export const runOf = (table: string, runId: string, endedAtMs: number): TableRun => ({
  raw_table_name: table,
  glue_job_run_id: runId,
  engine_run_id: 'jr_1',
  refresh_cadence: '10_min_refresh',
  refresh_status: 'completed',
  refresh_start_time: '2023-11-14 22:13:20',
  refresh_end_time: '2023-11-14 22:14:20',
  result: 'committed',
  claim_token: 7,
  batch_id: `sha256:${sha(table)}`,
  attempt: 1,
  snapshot: '123',
  files: 3,
  bytes: 3_000,
  error_msg: null,
  error_code: null,
  hold_reason: null,
  error: null,
  number_of_rows_inserted: 1,
  number_of_rows_updated: 2,
  number_of_rows_deleted: 0,
  rows: { read: 5, inserted: 1, updated: 2, deleted: 0, stale: 1, duplicate: 1 },
  ended_at_ms: endedAtMs,
  duration_ms: 60_000,
})

export const cadenceConfig = (name: string, more: Partial<BatchConfig> = {}): BatchConfig => ({
  refresh_cadence: name,
  datalake_format: 'iceberg',
  engine: 'glue',
  glue_job_name: 'tidegate-dev-apply',
  glue_job_worker_type: 'G.1X',
  glue_job_max_workers: 10,
  refresh_tables_batch_size: 5,
  max_concurrency: 4,
  max_files_per_claim: 1_000,
  max_bytes_per_claim: 10_000_000_000,
  applied_at_ms: 1_700_000_000_000,
  ...more,
})

export const tableConfigOf = (cadence: string, table: string, more: Partial<TableConfig> = {}): TableConfig => ({
  refresh_cadence: cadence,
  source_table_name: table,
  is_active: 'Y',
  schema_name: 'hr',
  table_name: table,
  raw_database_name: 'hr_raw',
  raw_database_S3_bucket: 'raw',
  raw_table_name: table,
  table_data_versioning_type: 'S',
  merge: {
    mode: 'snapshot',
    keys: ['id'],
    sequence_by: 'seq',
    apply_as_deletes: { column: 'op', equals: '' },
    drop_columns: [],
    on_bad_file: 'hold',
  },
  target: {
    format: 'iceberg',
    database: 'hr_raw',
    table: 'salaries',
    location: 's3://raw/hr_raw/salaries',
    write_mode: 'merge_on_read',
    partition_by: ['bucket(16, id)'],
    properties: { 'write.target-file-size-bytes': '134217728' },
  },
  max_attempts: 5,
  applied_at_ms: 1_700_000_000_000,
  ...more,
})

export async function collected<T>(things: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const thing of things) all.push(thing)
  return all
}
