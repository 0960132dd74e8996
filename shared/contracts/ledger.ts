/**
 * Items of the ledger, with the table and attribute names of the Operational Data Processing Framework, so that its users
 * find their way. What it does not have (token, owner, batch id, counts as numbers, times in milliseconds) is added.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { outcomeError, rowCounts, schemaChange } from './outcome.ts'
import { fileFormat } from './plan.ts'
import { batchId, epochMs, epochSeconds, fileId, ledgerKey, refreshCadence, runId, s3Uri, token } from './primitives.ts'

/** `odpf_file_tracker`: a landed file that waits. PK `source_table_name`, SK `file_id`: a query returns oldest first. */
export const landedFile = z.strictObject({
  source_table_name: ledgerKey,
  file_id: fileId,
  file_ingestion_status: z.literal('raw_file_landed'),
  /** `YYYY-MM-DD HH:MM:SS`, UTC: the put time on S3. */
  file_ingestion_date_time: z.string(),
  file_ingestion_s3_bucket: z.string().min(1),
  file_ingestion_path: z.string().min(1),
  dms_file_type: z.enum(['Full', 'Incremental']),
  schema_name: z.string().min(1),
  table_name: z.string().min(1),
  /** The configured source whose prefix the key matched. */
  source_name: z.string().min(1),
  format: fileFormat,
  compression: z.enum(['none', 'gzip']),
  etag: z.string().min(1),
  version_id: z.string().optional(),
  bytes: z.int().nonnegative(),
  put_at_s: epochSeconds,
  landed_at_ms: epochMs,
  /** Set when it waits again after a quarantine. */
  released_at_ms: epochMs.optional(),
  /** Set when it was applied, and waits again for a backfill. */
  backfilled_at_ms: epochMs.optional(),
  /** Of a backfilled file of a historical table: it goes only with all files of that batch, and under its id. */
  original_batch_id: batchId.optional(),
})

/** Why a batch was rejected for one of its files, as the job said it. */
export const quarantineNote = z.strictObject({
  stage: z.string().min(1),
  reason: z.string().min(1),
  /** At most 2,000 characters. */
  detail: z.string(),
  /** Rows to blame, counted from 1 in the file's own order; empty when it is not about single rows. At most 20. */
  rows: z.array(z.int().positive()).max(20),
  error_code: z.string().regex(/^TG\d{4}$/),
  /** The batch that was rejected; no commit ever has it. */
  batch_id: batchId,
  /** When an operator gave its changes up; null while somebody must decide. */
  discarded_at_ms: epochMs.nullable(),
})

/** `odpf_file_tracker_history`: a settled file. */
export const settledFile = landedFile.extend({
  file_ingestion_status: z.enum(['raw_file_processed', 'raw_file_superseded', 'raw_file_quarantined']),
  /** Why it is superseded or quarantined, e.g. `overwritten`. */
  reason: z.string().optional(),
  /** Of a quarantined file only. */
  quarantine: quarantineNote.optional(),
  settled_at_ms: epochMs,
  /** Absent when no batch applied it. */
  batch_id: batchId.optional(),
  glue_job_run_id: runId.optional(),
  generation: z.int().positive().optional(),
  rows: z.int().nonnegative().optional(),
  min_sequence: z.string().nullable().optional(),
  max_sequence: z.string().nullable().optional(),
  /** DynamoDB's time to live, in seconds. */
  expires_at_s: epochSeconds,
})

/** In history beside the files: `full#<generation>#<hash of key>` says which full-load keys a generation has seen. */
export const fullLoadMarker = z.strictObject({
  source_table_name: ledgerKey,
  file_id: z.string().regex(/^full#\d+#[0-9a-f]{64}$/),
  file_ingestion_path: z.string().min(1),
  put_at_s: epochSeconds,
  marker_of: fileId,
})

/** Id of the marker that full-load key `key` (the object's key, as in `file_ingestion_path`) leaves in a generation. */
export const fullLoadMarkerId = (generation: number, key: string): string =>
  `full#${generation}#${createHash('sha256').update(key).digest('hex')}`

/**
 * In history beside the files: `quarantine#<file_id>` for each quarantined file that waits for a decision, so that they are found without
 * reading all of history. It goes with the decision.
 */
export const quarantineMarker = z.strictObject({
  source_table_name: ledgerKey,
  file_id: z.string().regex(/^quarantine#\d{12}-\S+$/),
  marker_of: fileId,
  expires_at_s: epochSeconds,
})

export const tableStatus = z.enum(['updating_table', 'completed', 'refresh_error', 'held'])

export const holdReason = z.enum([
  /** The job may have started without our knowing. */
  'job_may_have_started',
  /** The execution that owned the claim ended before settling. */
  'owner_ended_unsettled',
  /** Of an earlier version, which knew no reloads. */
  'full_load_put_again',
  /** A file reaches below the kept part of the tombstone log. */
  'late_beyond_window',
  /** The source's keys, or the type of a column, have changed so that the table can't follow. */
  'schema_changed',
  /** A change is older than a stored row that may have left out what it gives (`null_means_unchanged`, `unavailable_value`). */
  'late_partial_update',
  /** Stored schema and table of the ledger key are others than the file's. */
  'name_collision',
  /** A reload would lose what its table has of a file that is gone. */
  'planned_file_gone',
  /** `max_attempts` attempts in a row ended without a commit. */
  'attempts_exhausted',
  /** An operator said `hold`; the item's error has the reason. */
  'held_by_operator',
  /** All its files were deleted from the bucket, as DMS does when the table is truncated. */
  'truncated_at_source',
])

/** `odpf_file_processing_tracker`: one item a table. PK `raw_table_name`, which holds the value of `source_table_name`. */
export const tableItem = z.strictObject({
  raw_table_name: ledgerKey,
  /** Grows by one with every write: a writer names the revision that it has seen (compare and set). */
  revision: z.int().positive(),
  refresh_status: tableStatus,
  /** `YYYY-MM-DD HH:MM:SS`, UTC. */
  refresh_start_time: z.string(),
  refresh_end_time: z.string().nullable(),
  /** Our run id of the last claim. */
  glue_job_run_id: runId,
  engine_run_id: z.string().nullable(),
  refresh_cadence: refreshCadence,
  schema_name: z.string().min(1),
  table_name: z.string().min(1),

  /** The claim. The token only grows, also over claims that came to nothing. */
  claim_token: token,
  /** The Map child's execution ARN. Set while `updating_table`. */
  claim_owner: z.string().nullable(),
  claimed_at_ms: epochMs,
  /** The frozen entry. It stays after an attempt whose result is unknown, and goes when the batch is resolved. */
  batch_id: batchId.nullable(),
  entry_uri: s3Uri.nullable(),
  /** Attempts that ever received the frozen entry. */
  attempts: z.int().nonnegative(),
  /**
   * Runs that received the frozen entry and are not known to have ended: an operator forced the claim from them, or a job of
   * theirs was still at work when they were settled.
   */
  unproved_runs: z.array(runId).max(20).default([]),
  /** The first claim after the last of them was added; none while nothing was claimed since. */
  unproved_since_ms: epochMs.optional(),
  /** Attempts in a row, over all batches, whose job ran and did not commit; a commit, or an operator's `retry`, makes it 0. */
  failed_attempts: z.int().nonnegative().default(0),
  /** As configured when it was claimed: so many failed attempts hold the table. */
  max_attempts: z.int().positive().default(5),

  /** What the table holds. */
  generation: z.int().positive(),
  /** Earliest put of the reload that the generation began with: what was put before it is older. Null in the first one. */
  generation_from_s: epochSeconds.nullable().default(null),
  /** Highest sequence over settled files of the generation, deletes and stale rows included. */
  applied_max_sequence: z.string().nullable(),
  last_snapshot: z.string().nullable(),
  last_committed_at_ms: epochMs.nullable(),
  last_batch_id: batchId.nullable(),
  /** Highest put time over settled files: "fresh as of". */
  fresh_as_of_s: epochSeconds.nullable(),

  /** All its files were deleted then, and no load was put since; none where nothing is known of such. */
  truncated_at_s: epochSeconds.optional(),
  /** Deletions until then are decided about: an operator released the table. */
  truncation_over_s: epochSeconds.optional(),
  /** When a request deleted a full-load file of it and left others; noted where `on_truncate` is `empty`, and once an hour. */
  load_deleted_at_s: epochSeconds.optional(),

  /** What an operator said about the next reload; null when nothing, and again when it is in the table. */
  reload: z
    .strictObject({
      /** Full-load files put from then on belong to the next generation, whatever their keys. */
      asked_at_s: epochSeconds.nullable(),
      /** The reload that begins with this put is whole. */
      complete_from_s: epochSeconds.nullable(),
    })
    .nullable()
    .default(null),

  /** Set by a rebuild, and null again with the next load. */
  rebuilt: z
    .strictObject({
      /** By which keys, mode, sequence and target it was built: no claim takes it with others. */
      layout: z.string().regex(/^[0-9a-f]{64}$/),
      /** How often since its load: each time was a generation of its own. */
      times: z.int().positive(),
    })
    .nullable()
    .default(null),

  hold_reason: holdReason.nullable(),
  error: outcomeError.nullable(),
})

/** `odpf_file_processing_tracker_history`: one item a table and run. PK `raw_table_name`, SK `glue_job_run_id`. */
export const tableRun = z.strictObject({
  raw_table_name: ledgerKey,
  glue_job_run_id: runId,
  engine_run_id: z.string().nullable(),
  refresh_cadence: refreshCadence,
  refresh_status: z.enum(['completed', 'refresh_error', 'held']),
  refresh_start_time: z.string(),
  refresh_end_time: z.string(),
  result: z.enum(['committed', 'already_committed', 'rejected', 'unknown']),
  claim_token: token,
  batch_id: batchId.nullable(),
  attempt: z.int().nonnegative(),
  snapshot: z.string().nullable(),
  files: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** Why it is held; null otherwise. */
  hold_reason: holdReason.nullable(),
  /** Whole; `error_msg` and `error_code` are its text and number under ODP's names. */
  error: outcomeError.nullable(),
  error_msg: z.string().nullable(),
  error_code: z.string().nullable(),
  number_of_rows_inserted: z.int().nonnegative(),
  number_of_rows_updated: z.int().nonnegative(),
  number_of_rows_deleted: z.int().nonnegative(),
  rows: rowCounts.nullable(),
  /** How the table's columns were changed for the batch; left out where they were not. */
  schema_changes: z.array(schemaChange).min(1).optional(),
  ended_at_ms: epochMs,
  duration_ms: z.int().nonnegative(),
})

export type LandedFile = z.infer<typeof landedFile>
export type SettledFile = z.infer<typeof settledFile>
/** Wherever it is. */
export type KnownFile = LandedFile | SettledFile
export type QuarantineNote = z.infer<typeof quarantineNote>
export type QuarantineMarker = z.infer<typeof quarantineMarker>
export type FullLoadMarker = z.infer<typeof fullLoadMarker>
export type TableItem = z.infer<typeof tableItem>
export type TableRun = z.infer<typeof tableRun>
export type HoldReason = z.infer<typeof holdReason>
export type TableStatus = z.infer<typeof tableStatus>
