/** The ledger item of a table as its claim writes it: pure. */
import type { BatchConfig, TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { dateTimeOf } from '../date-time.ts'

/** The run that claims: one Map child. */
export interface ClaimingRun {
  readonly run_id: string
  readonly owner: string
  readonly cadence: BatchConfig
}

/** The item as the claim writes it: the token grows, whatever became of the claim before. */
export const claimItem = (
  base: TableItem,
  seen: TableItem | undefined,
  config: TableConfig,
  run: ClaimingRun,
  nowMs: EpochMs,
): TableItem => ({
  ...base,
  revision: (seen?.revision ?? 0) + 1,
  refresh_status: 'updating_table',
  refresh_start_time: dateTimeOf(nowMs),
  refresh_end_time: null,
  glue_job_run_id: run.run_id,
  engine_run_id: null,
  refresh_cadence: run.cadence.refresh_cadence,
  claim_token: (seen?.claim_token ?? 0) + 1,
  claim_owner: run.owner,
  claimed_at_ms: nowMs,
  max_attempts: config.max_attempts,
  hold_reason: null,
})

/** What is known of a table before its first claim. */
export const firstItem = (config: TableConfig, run: ClaimingRun, nowMs: EpochMs): TableItem => ({
  raw_table_name: config.source_table_name,
  revision: 1,
  refresh_status: 'completed',
  refresh_start_time: dateTimeOf(nowMs),
  refresh_end_time: null,
  glue_job_run_id: run.run_id,
  engine_run_id: null,
  refresh_cadence: run.cadence.refresh_cadence,
  schema_name: config.schema_name,
  table_name: config.table_name,
  claim_token: 1,
  claim_owner: null,
  claimed_at_ms: nowMs,
  batch_id: null,
  entry_uri: null,
  attempts: 0,
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
})
