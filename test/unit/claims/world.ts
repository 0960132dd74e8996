/** A small world for the protocol's tests: memory ports, a bucket to put files to, and a lake that a stand-in job commits to. */
import { claimBatch } from '../../../shared/claims/claim-batch.ts'
import type { ClaimPorts } from '../../../shared/claims/claim-table.ts'
import type { BatchConfig, TableConfig } from '../../../shared/contracts/config.ts'
import { controlLayout } from '../../../shared/contracts/control-layout.ts'
import type { LandedFile, TableItem } from '../../../shared/contracts/ledger.ts'
import type { AppliedFile, Outcome } from '../../../shared/contracts/outcome.ts'
import { type PlannedTable, plan } from '../../../shared/contracts/plan.ts'
import { type ClaimBatchOutput, type ClaimReport, claimReport, type JobResult } from '../../../shared/contracts/runs.ts'
import { fileIdOf } from '../../../shared/files/file-id.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import type { MemoryJobRuns } from '../../../shared/memory/job-runs.ts'
import { settleBatch } from '../../../shared/settling/settle-batch.ts'
import type { SettlePorts } from '../../../shared/settling/settle-ports.ts'

export const CADENCE = '10_min_refresh'
export const CONTROL = 'control'
export const STAGING = 'staging'
const DAY_MS = 86_400_000

export const ENDED: JobResult = { started: 'yes', id: 'jr_1', state: 'SUCCEEDED', error: null }
export const KILLED: JobResult = { started: 'yes', id: 'jr_1', state: 'TIMEOUT', error: 'killed' }
export const NOT_STARTED: JobResult = { started: 'no', id: null, state: null, error: 'ConcurrentRunsExceededException' }
export const MAYBE: JobResult = { started: 'maybe', id: null, state: null, error: 'Read timed out' }

export const cadenceConfig = (change: Partial<BatchConfig> = {}): BatchConfig => ({
  refresh_cadence: CADENCE,
  datalake_format: 'iceberg',
  engine: 'glue',
  glue_job_name: 'tidegate',
  glue_job_worker_type: 'G.1X',
  glue_job_max_workers: 10,
  refresh_tables_batch_size: 5,
  max_concurrency: 4,
  max_files_per_claim: 100,
  max_bytes_per_claim: 1_000_000,
  applied_at_ms: 0,
  ...change,
})

/** `shop_orders` is schema `shop`, table `orders`. */
export function tableConfig(table: string, change: Partial<TableConfig> = {}): TableConfig {
  const [schema = '', ...rest] = table.split('_')
  return {
    refresh_cadence: CADENCE,
    source_table_name: table,
    is_active: 'Y',
    schema_name: schema,
    table_name: rest.join('_'),
    raw_database_name: 'raw',
    raw_database_S3_bucket: 'raw',
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
      location: `s3://raw/raw/${table}`,
      write_mode: 'merge_on_read',
      partition_by: [],
      properties: {},
    },
    max_attempts: 5,
    applied_at_ms: 0,
    ...change,
  }
}

export async function createWorld(tables: readonly string[] = ['shop_orders'], cadence: Partial<BatchConfig> = {}) {
  const ports = { ...createMemoryPorts(), controlBucket: CONTROL, historyTtlMs: 400 * DAY_MS }
  await ports.config.putCadence(cadenceConfig(cadence))
  for (const table of tables) await ports.config.putTable(tableConfig(table))
  return ports
}

export type World = Awaited<ReturnType<typeof createWorld>>

/** Puts an object one second later than anything before, and lands it. The body is the highest sequence in the file. */
export async function putFile(
  world: World,
  table: string,
  name: string,
  body: string,
  change: Partial<LandedFile> = {},
) {
  const config = tableConfig(table)
  const key = `internal_staging/${config.schema_name}/${config.table_name}/${name}`
  await world.objects.put(STAGING, key, body)
  const head = await world.objects.head(STAGING, key)
  if (!head) throw new Error('just put')
  const file: LandedFile = {
    source_table_name: table,
    file_id: fileIdOf({ bucket: STAGING, key, versionId: undefined, etag: head.etag, putAtS: head.put_at_s }),
    file_ingestion_status: 'raw_file_landed',
    file_ingestion_date_time: '2023-11-18 10:10:00',
    file_ingestion_s3_bucket: STAGING,
    file_ingestion_path: key,
    dms_file_type: name.startsWith('LOAD') ? 'Full' : 'Incremental',
    schema_name: config.schema_name,
    table_name: config.table_name,
    source_name: 'operational',
    format: name.endsWith('.csv') ? 'csv' : name.endsWith('.json') ? 'json' : 'parquet',
    compression: 'none',
    etag: head.etag,
    bytes: head.bytes,
    put_at_s: head.put_at_s,
    landed_at_ms: world.clock.now(),
    ...change,
  }
  await world.files.land(file)
  world.clock.advance(1000)
  return file
}

export const ownerOf = (execution: string, batch = 1): string =>
  `arn:aws:states:execution:each-batch:${execution}-${batch}`

export function claim(world: ClaimPorts, execution: string, tables: readonly string[] = ['shop_orders'], redrive = 0) {
  return claimBatch(
    {
      execution_name: execution,
      refresh_cadence: CADENCE,
      batch: 1,
      tables: [...tables],
      owner: ownerOf(execution),
      redrive_count: redrive,
    },
    world,
  )
}

export async function plannedTables(world: Pick<World, 'objects'>, claimed: ClaimBatchOutput): Promise<PlannedTable[]> {
  const body = await world.objects.get(CONTROL, controlLayout.plan(claimed.run_id))
  return plan.parse(JSON.parse(body ?? '')).tables
}

/** The one table of a plan; anything else fails the test. */
export async function only(world: Pick<World, 'objects'>, claimed: ClaimBatchOutput): Promise<PlannedTable> {
  const [planned, ...others] = await plannedTables(world, claimed)
  if (!planned || others.length > 0) throw new Error('expected one planned table')
  return planned
}

/** What became of each table at the claim. */
export const reportOf = async (world: Pick<World, 'objects'>, runId: string): Promise<ClaimReport> =>
  claimReport.parse(JSON.parse((await world.objects.get(CONTROL, controlLayout.claims(runId))) ?? ''))

/** The engine shows the job that is said to have ended, unless the test said what it shows. */
async function showJob(jobRuns: SettlePorts['jobRuns'], runId: string, { started, id }: JobResult) {
  const shown = await jobRuns.of('tidegate', runId, 0)
  if (started === 'yes' && shown.length === 0 && 'set' in jobRuns)
    await (jobRuns as MemoryJobRuns).set(runId, 'FAILED', id ?? '')
}

export const settle = async (
  world: SettlePorts,
  execution: string,
  claimed: ClaimBatchOutput,
  job: JobResult = ENDED,
) => {
  await showJob(world.jobRuns, claimed.run_id, job)
  return settleBatch(
    { execution_name: execution, batch: 1, plan_uri: claimed.plan_uri, run_id: claimed.run_id, job },
    world,
  )
}

export const item = async (world: World, table = 'shop_orders'): Promise<TableItem> => {
  const found = await world.tables.get(table)
  if (!found) throw new Error(`${table} has no item`)
  return found
}

/** What the tables hold: by table, the batches that were committed, in order, each with its files. */
export type Lake = Map<
  string,
  { batch: string; token: number; snapshot: string; files: string[]; counted: AppliedFile[] }[]
>

/** A file's rows, as the stand-in job sees them: one row, whose sequence is the file's body; a body `D…` deletes. */
async function appliedFile(world: World, file: PlannedTable['entry']['files'][number]): Promise<AppliedFile> {
  const body = (await world.objects.get(STAGING, file.uri.slice(`s3://${STAGING}/`.length))) ?? ''
  const sequence = file.kind === 'full' ? null : body
  return {
    file_id: file.file_id,
    rows: 1,
    min_sequence: sequence,
    max_sequence: sequence,
    deletes: sequence?.startsWith('D') ? 1 : 0,
  }
}

/** An outcome of the planned table; `change` says how it differs from a plain commit. */
export async function outcomeOf(
  world: World,
  claimed: ClaimBatchOutput,
  planned: PlannedTable,
  change: Partial<Outcome> = {},
) {
  const files = await Promise.all(planned.entry.files.map((file) => appliedFile(world, file)))
  const outcome: Outcome = {
    contract: 'tidegate.outcome/1',
    run_id: claimed.run_id,
    table: planned.table,
    token: planned.token,
    batch_id: planned.entry.batch_id,
    result: 'committed',
    lookup: 'absent',
    snapshot: `snapshot-${planned.token}`,
    committed_at_ms: world.clock.now(),
    rows: { read: files.length, inserted: files.length, updated: 0, deleted: 0, stale: 0, duplicate: 0 },
    files,
    evidence: `s3://${CONTROL}/${controlLayout.evidence(planned.table, planned.entry.batch_id, planned.token)}`,
    bad_files: [],
    error: null,
    seconds: {},
    ...change,
  }
  return outcome
}

export async function putOutcome(
  world: World,
  outcome: Outcome | string,
  place: { run_id: string; table: string; token: number },
) {
  const body = typeof outcome === 'string' ? outcome : JSON.stringify(outcome)
  await world.objects.put(CONTROL, controlLayout.outcome(place.run_id, place.table, place.token), body)
}

/** The evidence that a commit leaves before it happens; every file whose body begins with `D` has its part of deletes. */
export async function putEvidence(world: World, claimed: ClaimBatchOutput, planned: PlannedTable) {
  const outcome = await outcomeOf(world, claimed, planned)
  const { table, token, entry } = planned
  const folder = controlLayout.evidence(table, entry.batch_id, token)
  const generation = entry.generation.id
  const identity = { run_id: claimed.run_id, table, batch_id: entry.batch_id, token, generation }
  const deletes = outcome.files.filter((file) => file.deletes > 0)
  const parts = await Promise.all(
    deletes.map(async (file, part) => {
      const key = `${folder}deletes-0000${part}.jsonl.gz`
      await world.objects.put(CONTROL, key, `deletes of ${file.file_id}`)
      return { part, key, rows: 1, max_sequence: file.max_sequence }
    }),
  )
  const put = (name: string, body: unknown) => world.objects.put(CONTROL, `${folder}${name}`, JSON.stringify(body))
  await put('deletes.json', { contract: 'tidegate.deletes/1', ...identity, parts })
  await put('files.json', { contract: 'tidegate.evidence/1', ...identity, rows: outcome.rows, files: outcome.files })
}

/** What the job does to one table of a plan: looks for the batch in the lake, else commits it, and says so. */
export async function work(
  world: World,
  lake: Lake,
  claimed: ClaimBatchOutput,
  planned: PlannedTable,
): Promise<Outcome> {
  const commits = lake.get(planned.table) ?? []
  lake.set(planned.table, commits)
  const there = commits.find((commit) => commit.batch === planned.entry.batch_id)
  if (there) {
    const evidence = `s3://${CONTROL}/${controlLayout.evidence(planned.table, there.batch, there.token)}`
    const change = {
      result: 'already_committed',
      lookup: 'found',
      snapshot: there.snapshot,
      rows: null,
      files: there.counted,
      evidence,
    } as const
    return outcomeOf(world, claimed, planned, change)
  }
  if (planned.resolve_only) {
    const error = { code: 'TG4006', message: 'it is not there', transient: false, details: null }
    const nothing = { result: 'rejected', snapshot: null, rows: null, files: [], evidence: null } as const
    return outcomeOf(world, claimed, planned, { ...nothing, files: [], error })
  }
  await putEvidence(world, claimed, planned)
  const outcome = await outcomeOf(world, claimed, planned)
  commits.push({
    batch: planned.entry.batch_id,
    token: planned.token,
    snapshot: outcome.snapshot ?? '',
    files: planned.entry.files.map((file) => file.file_id),
    counted: outcome.files,
  })
  return outcome
}

/** The whole job: every table of the plan is committed, and says so. */
export async function runJob(world: World, lake: Lake, claimed: ClaimBatchOutput): Promise<void> {
  for (const planned of await plannedTables(world, claimed)) {
    await putOutcome(world, await work(world, lake, claimed, planned), { ...planned, run_id: claimed.run_id })
  }
}
