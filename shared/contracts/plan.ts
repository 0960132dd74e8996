/** The plan: what Spark must do for one batch. Assembled from table entries, which are what a claim freezes. */
import { z } from 'zod'
import { batchId, epochSeconds, fileId, ledgerKey, refreshCadence, runId, s3Uri, token } from './primitives.ts'

export const fileKind = z.enum(['full', 'incremental'])
export const fileFormat = z.enum(['parquet', 'csv', 'json'])

export const plannedFile = z.strictObject({
  file_id: fileId,
  uri: s3Uri,
  kind: fileKind,
  format: fileFormat,
  compression: z.enum(['none', 'gzip']).optional(),
  etag: z.string().min(1),
  bytes: z.int().nonnegative(),
  put_at_s: epochSeconds,
})

const operationValues = z.array(z.string().min(1))

/**
 * What the values of the operation column mean; one that no list has is an error. `ignored` rows are no changes, such as before-images.
 * `none`: the files have no such column, and every row is an upsert.
 */
export const operations = z.union([
  z.literal('none'),
  z.strictObject({
    column: z.string().min(1),
    inserts: operationValues.optional(),
    updates: operationValues.optional(),
    deletes: operationValues.optional(),
    ignored: operationValues.optional(),
  }),
])

/**
 * `keys`, `sequence_by`, `apply_as_deletes` are named as in Spark's AUTO CDC. Column names match without regard to case.
 * Either `apply_as_deletes` or `operations`: under the first, any value but the one of deletes is an upsert.
 */
export const mergeSpec = z.strictObject({
  mode: z.enum(['snapshot', 'historical']),
  /** None only in historical mode. */
  keys: z.array(z.string().min(1)),
  /** Several columns are compared one after the other. */
  sequence_by: z.union([z.string().min(1), z.array(z.string().min(1)).min(2)]),
  apply_as_deletes: z.strictObject({ column: z.string().min(1), equals: z.string() }).optional(),
  operations: operations.optional(),
  drop_columns: z.array(z.string().min(1)),
  on_bad_file: z.enum(['hold', 'quarantine']),
  /** What a file does whose columns are not the table's. Left out where it is `strict`: entries from before it are frozen without. */
  schema_policy: z.enum(['evolve', 'lenient']).optional(),
  /** Columns whose null in an update leaves the value as it was; `all` but the keys. */
  null_means_unchanged: z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]).optional(),
  /** What stands in a text column for a value that the source left out of an update: it stays as it was. */
  unavailable_value: z.string().min(1).optional(),
  /** A late change of which a newer row may lack a value counts as stale. Left out where it holds the table. */
  on_late_partial_update: z.literal('stale').optional(),
  /** `debezium`: the rows are envelopes of `before` and `after`. Left out where they are rows as they are. */
  shape: z.literal('debezium').optional(),
  /** Change files have each key as it was before, in a column of that name with the prefix; a key that changed is deleted. */
  before_image: z.strictObject({ prefix: z.string().min(1) }).optional(),
})

export const metadataColumn = z.enum(['_tg_sequence', '_tg_operation', '_tg_file', '_tg_batch', '_tg_applied_at'])

export const targetSpec = z.strictObject({
  format: z.enum(['iceberg', 'hudi']),
  database: z.string().regex(/^[a-z0-9_]{1,255}$/),
  table: z.string().regex(/^[a-z0-9_]{1,255}$/),
  location: s3Uri,
  write_mode: z.enum(['merge_on_read', 'copy_on_write']),
  /** `bucket(16, pk_id)`, `days(col)`, `months(col)` or a column's name (identity). */
  partition_by: z.array(z.string().min(1)),
  properties: z.record(z.string(), z.string()),
  /** The table may be one that others made. Left out where it is not: entries from before it are frozen without. */
  adopt: z.literal(true).optional(),
  /** Of Tidegate's own columns, those that a new table gets besides what it needs. Left out: all of them. */
  metadata_columns: z.array(metadataColumn).optional(),
})

const one = z.string().length(1)
const decimalType = String.raw`decimal\((?:[1-9]|[12]\d|3[0-8]),(?:\d|[12]\d|3[0-8])\)`
/** Types that text can be read as, by Spark's short names. */
export const columnType = z
  .string()
  .regex(
    new RegExp(
      `^(?:string|boolean|tinyint|smallint|int|bigint|float|double|date|timestamp|timestamp_ntz|${decimalType})$`,
    ),
  )

/** How files that are text are read. What is absent is as AWS DMS writes it. */
export const textFiles = z.strictObject({
  /** Types by name; a column that is not named has the table's type, or else is a text. Without a header also the file's columns, in order. */
  columns: z
    .array(z.strictObject({ name: z.string().min(1), type: columnType }))
    .min(1)
    .optional(),
  csv: z
    .strictObject({
      header: z.boolean(),
      delimiter: one,
      quote: one,
      /** What a quote inside quotes is escaped by. */
      escape: one,
      /** What stands for null. Empty: a field with nothing in it, and not `""`. */
      null_value: z.string(),
    })
    .partial()
    .optional(),
})

/** What the table already holds, as the ledger knows it. */
export const appliedState = z.strictObject({
  /** Highest sequence over settled files of the generation, deletes and stale rows included; null before the first. */
  max_sequence: z.string().nullable(),
  /** Last settled snapshot: a commit is searched for back to it. Null before the first. */
  snapshot: z.string().nullable(),
  /** Where the generation's tombstone log is. */
  tombstones: s3Uri,
  /** The log is complete from this sequence on; null: from the beginning. */
  tombstones_cover_from: z.string().nullable(),
})

/**
 * `replaces`: the files are all that the table is to hold, and replace what it holds in one commit: columns, partitions, mode and
 * keys are then those of this entry. A reload in snapshot mode, or a rebuild. Never a reload in historical mode, which adds its rows
 * as versions of the new generation: a new `id`, and `replaces: false`. `applied` is then the new generation's, but for `snapshot`:
 * the last settled one of the *target*, null where the target is another table than before.
 * `from_s`: of a reload in either mode, when its first full-load file was put; what was put before is older than it. Among its files
 * are then also changes put no earlier, which came into the generation before since nobody knew of the reload yet. Of a table that was
 * truncated at its source: when its files were deleted; such a reload may have no file, and then only empties the table.
 */
export const generation = z.strictObject({
  id: z.int().positive(),
  replaces: z.boolean(),
  from_s: epochSeconds.optional(),
})

/** A table's part of a plan, frozen by the claim: a retry gets exactly this again. */
export const planEntry = z.strictObject({
  contract: z.literal('tidegate.entry/1'),
  batch_id: batchId,
  generation,
  /** None: it replaces what the table holds by nothing, since all of it was truncated at its source. */
  files: z.array(plannedFile),
  applied: appliedState,
  merge: mergeSpec,
  target: targetSpec,
  /** Absent where the configuration says nothing about text files, and in entries from before it could. */
  text_files: textFiles.optional(),
})

export const plannedTable = z.strictObject({
  table: ledgerKey,
  token,
  attempt: z.int().positive(),
  /** Look for the batch id, never apply: set when files are gone or a newer generation exists. */
  resolve_only: z.boolean(),
  entry: planEntry,
})

export const plan = z.strictObject({
  contract: z.literal('tidegate.plan/1'),
  run_id: runId,
  refresh_cadence: refreshCadence,
  batch: z.int().positive(),
  /** `<control bucket>/runs/<run_id>/outcomes/`: see control-layout.ts. */
  outcomes: s3Uri,
  tables: z.array(plannedTable),
})

export type FileKind = z.infer<typeof fileKind>
export type FileFormat = z.infer<typeof fileFormat>
export type PlannedFile = z.infer<typeof plannedFile>
export type MergeSpec = z.infer<typeof mergeSpec>
export type TargetSpec = z.infer<typeof targetSpec>
export type TextFiles = z.infer<typeof textFiles>
export type PlanEntry = z.infer<typeof planEntry>
export type PlannedTable = z.infer<typeof plannedTable>
export type Plan = z.infer<typeof plan>
