/** What the Lambdas and the state machine hand each other: references and counts, never lists that grow. */
import { z } from 'zod'
import { holdReason } from './ledger.ts'
import { outcomeError, rowCounts } from './outcome.ts'
import { ledgerKey, refreshCadence, runId, s3Uri, token } from './primitives.ts'

export const batchManagerInput = z.object({
  refresh_cadence: z.string().min(1),
  execution_name: z.string().min(1),
  /** Only this table of the cadence. None: all of them, which is what a schedule asks for. */
  table: ledgerKey.nullish(),
})
export const batchManagerOutput = z.strictObject({
  bucket: z.string().min(1),
  key: z.string().min(1),
  batches: z.int().nonnegative(),
  max_concurrency: z.int().positive(),
})

/** `runs/<execution name>/manifest.json` is an array of these: the Distributed Map reads it. */
export const manifestBatch = z.strictObject({ batch: z.int().positive(), tables: z.array(ledgerKey).min(1) })
export const manifest = z.array(manifestBatch)

export const claimBatchInput = z.object({
  execution_name: z.string().min(1),
  refresh_cadence: refreshCadence,
  batch: z.int().positive(),
  tables: z.array(ledgerKey).min(1),
  owner: z.string().min(1),
  redrive_count: z.int().nonnegative(),
})
/** The job that the cadence asks for. */
export const jobSpec = z.strictObject({
  name: z.string().min(1),
  worker_type: z.string().min(1),
  max_workers: z.int().positive(),
})
export const claimBatchOutput = z.strictObject({
  plan_uri: s3Uri,
  run_id: runId,
  claimed: z.int().nonnegative(),
  job: jobSpec,
})

/** `runs/<run_id>/claims.json`: what became of each table of the batch at claim time. */
export const claimReport = z.strictObject({
  run_id: runId,
  /** As the cadence asked for it then: the plan that is written after this is answered with it, whatever is configured since. */
  job: jobSpec.optional(),
  claimed: z.array(z.strictObject({ table: ledgerKey, token })),
  /** Nothing wrong: a living run holds it, it has nothing to do, or it is inactive. */
  skipped: z.array(z.strictObject({ table: ledgerKey, reason: z.string().min(1) })),
  held: z.array(z.strictObject({ table: ledgerKey, reason: holdReason, error: outcomeError })),
  /** Could not be claimed: an exception that concerns this table alone. */
  failed: z.array(z.strictObject({ table: ledgerKey, error: outcomeError })),
})

export const jobResult = z.object({
  started: z.enum(['yes', 'no', 'maybe']),
  id: z.string().nullable(),
  state: z.string().nullable(),
  error: z.string().nullable(),
})
export const settleBatchInput = z.object({
  execution_name: z.string().min(1),
  batch: z.int().positive(),
  plan_uri: s3Uri,
  run_id: runId,
  job: jobResult,
})

/** `runs/<execution name>/settled/<batch>.json`. */
export const settledTable = z.strictObject({
  table: ledgerKey,
  status: z.enum(['completed', 'refresh_error', 'held', 'skipped']),
  reason: z.string().nullable(),
  rows: rowCounts.nullable(),
  files: z.int().nonnegative(),
  error: outcomeError.nullable(),
})
export const settledBatch = z.strictObject({
  batch: z.int().positive(),
  run_id: runId,
  engine_run_id: z.string().nullable(),
  tables: z.array(settledTable),
})

/** `runs/<execution name>/summary.json`: every table of the run and what became of it. */
export const runSummary = z.strictObject({
  contract: z.literal('tidegate.summary/1'),
  execution_name: z.string().min(1),
  batches: z.int().nonnegative(),
  /** Batches that left no `settled/<batch>.json`. */
  unsettled_batches: z.array(z.int().positive()),
  rows: rowCounts,
  files: z.int().nonnegative(),
  tables: z.array(settledTable.extend({ batch: z.int().positive() })),
})

export const summariseRunInput = z.object({
  execution_name: z.string().min(1),
  bucket: z.string().min(1),
  key: z.string().min(1),
  batches: z.int().nonnegative(),
})
export const summariseRunOutput = z.strictObject({
  tables: z.int().nonnegative(),
  completed: z.int().nonnegative(),
  skipped: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  /** At most 20 names; all are in the summary. */
  failed_tables: z.array(ledgerKey).max(20),
  summary_uri: s3Uri,
})

export type BatchManagerInput = z.infer<typeof batchManagerInput>
export type BatchManagerOutput = z.infer<typeof batchManagerOutput>
export type ManifestBatch = z.infer<typeof manifestBatch>
export type ClaimBatchInput = z.infer<typeof claimBatchInput>
export type ClaimBatchOutput = z.infer<typeof claimBatchOutput>
export type JobSpec = z.infer<typeof jobSpec>
export type ClaimReport = z.infer<typeof claimReport>
export type JobResult = z.infer<typeof jobResult>
export type SettleBatchInput = z.infer<typeof settleBatchInput>
export type SettledTable = z.infer<typeof settledTable>
export type SettledBatch = z.infer<typeof settledBatch>
export type RunSummary = z.infer<typeof runSummary>
export type SummariseRunInput = z.infer<typeof summariseRunInput>
export type SummariseRunOutput = z.infer<typeof summariseRunOutput>
