import { describe, expect, it } from 'vitest'
import type { TableConfig } from '../../../shared/contracts/config.ts'
import type { LandedFile, TableItem } from '../../../shared/contracts/ledger.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { tableStatuses } from '../../../shared/status/table-status.ts'

const file = (table: string, putAt: number): LandedFile => ({
  source_table_name: table,
  file_id: `${String(putAt).padStart(12, '0')}-${'a'.repeat(64)}`,
  file_ingestion_status: 'raw_file_landed',
  file_ingestion_date_time: '2023-11-18 10:10:12',
  file_ingestion_s3_bucket: 'staging',
  file_ingestion_path: `in/${table}/LOAD00000001.parquet`,
  dms_file_type: 'Full',
  schema_name: 's',
  table_name: table.slice(2),
  source_name: 'operational',
  format: 'parquet',
  compression: 'none',
  etag: 'e',
  bytes: 100,
  put_at_s: putAt,
  landed_at_ms: putAt * 1000,
})

const config = (table: string, active: 'Y' | 'N' = 'Y'): TableConfig => ({
  refresh_cadence: 'nightly',
  source_table_name: table,
  is_active: active,
  schema_name: 's',
  table_name: table.slice(2),
  raw_database_name: 'raw',
  raw_database_S3_bucket: 'raw-bucket',
  raw_table_name: table,
  table_data_versioning_type: 'S',
  merge: {
    mode: 'snapshot',
    keys: ['id'],
    sequence_by: 'seq',
    apply_as_deletes: { column: 'op', equals: 'D' },
    drop_columns: [],
    on_bad_file: 'hold',
  },
  target: {
    format: 'iceberg',
    database: 'raw',
    table,
    location: `s3://raw-bucket/raw/${table}`,
    write_mode: 'merge_on_read',
    partition_by: [],
    properties: {},
  },
  applied_at_ms: 1,
})

const heldItem: TableItem = {
  raw_table_name: 's_held',
  revision: 1,
  refresh_status: 'held',
  refresh_start_time: '2023-11-18 10:10:12',
  refresh_end_time: '2023-11-18 10:10:13',
  glue_job_run_id: 'x-1-0',
  engine_run_id: null,
  refresh_cadence: 'nightly',
  schema_name: 's',
  table_name: 'held',
  claim_token: 3,
  claim_owner: null,
  claimed_at_ms: 1,
  batch_id: null,
  entry_uri: null,
  attempts: 0,
  generation: 1,
  applied_max_sequence: '09',
  last_snapshot: '77',
  last_committed_at_ms: 5000,
  last_batch_id: null,
  fresh_as_of_s: 4,
  hold_reason: 'full_load_put_again',
  error: { code: 'TG3101', message: 'put again', transient: false, details: null },
}

async function ports() {
  const memory = createMemoryPorts()
  await memory.config.putCadence({
    refresh_cadence: 'nightly',
    datalake_format: 'iceberg',
    engine: 'glue',
    glue_job_name: 'job',
    glue_job_worker_type: 'G.1X',
    glue_job_max_workers: 2,
    refresh_tables_batch_size: 5,
    max_concurrency: 1,
    max_files_per_claim: 10,
    max_bytes_per_claim: 1000,
    applied_at_ms: 1,
  })
  for (const name of ['s_new', 's_waiting', 's_held']) await memory.config.putTable(config(name))
  await memory.config.putTable(config('s_off', 'N'))
  for (const [name, at] of [
    ['s_waiting', 20],
    ['s_waiting', 10],
    ['s_off', 30],
    ['s_nobody', 40],
  ] as const)
    await memory.files.land(file(name, at))
  await memory.tables.replace(heldItem, undefined)
  return memory
}

describe('the status of every table', () => {
  it('names configured, running and unregistered tables by name, each with its next action', async () => {
    const rows = await tableStatuses(await ports())
    expect(rows.map((row) => [row.table, row.status, row.waiting_files])).toEqual([
      ['s_held', 'held', 0],
      ['s_new', 'new', 0],
      ['s_nobody', 'unregistered', 1],
      ['s_off', 'inactive', 1],
      ['s_waiting', 'waiting', 2],
    ])
    const next = new Map(rows.map((row) => [row.table, row.next_action]))
    expect(next.get('s_new')).toBe('-')
    expect(next.get('s_nobody')).toContain('config apply')
    expect(next.get('s_off')).toContain('active: true')
    expect(next.get('s_waiting')).toContain('nightly')
    expect(next.get('s_held')).toContain('full load')
  })

  it('says how old the oldest waiting file is, and what was applied', async () => {
    const rows = await tableStatuses(await ports())
    const of = (name: string) => rows.find((row) => row.table === name)
    expect(of('s_waiting')).toMatchObject({ oldest_put_ms: 10_000, waiting_bytes: 200, target: 'raw.s_waiting' })
    expect(of('s_held')).toMatchObject({
      reason: 'full_load_put_again',
      applied_max_sequence: '09',
      snapshot: '77',
      last_committed_ms: 5000,
      fresh_as_of_ms: 4000,
      error: { code: 'TG3101', message: 'put again' },
    })
  })
})
