/** The outcome: what Spark did for one table of a plan. */
import { z } from 'zod'
import { batchId, epochMs, fileId, ledgerKey, runId, s3Uri, token } from './primitives.ts'

/** Counts by effect on the table, not by operation in the file. */
export const rowCounts = z.strictObject({
  read: z.int().nonnegative(),
  inserted: z.int().nonnegative(),
  updated: z.int().nonnegative(),
  deleted: z.int().nonnegative(),
  /** Not newer than the stored row or a remembered delete of its key, or a delete of a key that is not there. */
  stale: z.int().nonnegative(),
  /** Lost against another row of its key in the same batch. */
  duplicate: z.int().nonnegative(),
  /** No changes, such as before-images; left out where there are none. All but `read` add up to it. */
  skipped: z.int().nonnegative().optional(),
})

/** Rows and range of sequences of one applied file; null where no row has a sequence. */
export const appliedFile = z.strictObject({
  file_id: fileId,
  rows: z.int().nonnegative(),
  min_sequence: z.string().nullable(),
  max_sequence: z.string().nullable(),
  deletes: z.int().nonnegative(),
})

export const badFile = z.strictObject({
  file_id: fileId,
  stage: z.string().min(1),
  reason: z.string().min(1),
  detail: z.string(),
  /** Rows to blame, counted from 1 in the file's own order: the first ones, if it is about rows at all. */
  rows: z.array(z.int().positive()).max(20).optional(),
})

/** A column that the table got with a batch, or whose type was widened for it. Types are Spark's short names. */
export const schemaChange = z.strictObject({
  change: z.enum(['added', 'widened']),
  column: z.string().min(1),
  type: z.string().min(1),
  /** The type before. */
  was: z.string().min(1).optional(),
})

export const outcomeError = z.strictObject({
  code: z.string().regex(/^TG\d{4}$/),
  message: z.string().min(1),
  transient: z.boolean(),
  /** Where the stack trace is, if anywhere. */
  details: s3Uri.nullable(),
})

export const outcome = z.strictObject({
  contract: z.literal('tidegate.outcome/1'),
  run_id: runId,
  table: ledgerKey,
  token,
  batch_id: batchId,
  /** `rejected`: this attempt surely committed nothing. `unknown`: only the table can tell. */
  result: z.enum(['committed', 'already_committed', 'rejected', 'unknown']),
  /** What the look-up of the batch id in the table's history found, before anything was written. */
  lookup: z.enum(['absent', 'found', 'unreachable']),
  snapshot: z.string().nullable(),
  committed_at_ms: epochMs.nullable(),
  rows: rowCounts.nullable(),
  files: z.array(appliedFile),
  /** `<control bucket>/commits/<table>/<batch_id>/<token>/` of the commit that applied the batch. */
  evidence: s3Uri.nullable(),
  bad_files: z.array(badFile),
  /** Left out where there were none. */
  schema_changes: z.array(schemaChange).min(1).optional(),
  error: outcomeError.nullable(),
  seconds: z.record(z.string(), z.number().nonnegative()),
})

export type BadFile = z.infer<typeof badFile>
export type RowCounts = z.infer<typeof rowCounts>
export type SchemaChange = z.infer<typeof schemaChange>
export type AppliedFile = z.infer<typeof appliedFile>
export type Outcome = z.infer<typeof outcome>
export type OutcomeError = z.infer<typeof outcomeError>
