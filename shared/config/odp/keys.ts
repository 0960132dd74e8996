/**
 * The configuration keys of the published framework (ODP): which values each may have, and what it is called here. Its manifests
 * are read by this, so are its keys inside our file, and docs/reference/odp.md is compared with it.
 */
import { z } from 'zod'

const text = z.string({ error: 'expected a text' }).trim().min(1, 'expected a text')

/** In any case, since the framework's own pages write `Hudi` and `COPY_ON_WRITE`. */
const word = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
    z.enum(words, { error: `expected ${words.map((one) => `\`${one}\``).join(' or ')}` }),
  )

const letter = <const Letters extends readonly [string, ...string[]]>(...letters: Letters) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.trim().toUpperCase() : value),
    z.enum(letters, { error: `expected ${letters.map((one) => `\`${one}\``).join(' or ')}` }),
  )

/** A number, or its digits: `refresh_tables_batch_size` is a String in the framework's table. */
const whole = z.preprocess(
  (value) => (typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value),
  z.int({ error: 'expected a whole number' }).min(1, 'expected at least 1'),
)

const COLUMNS = 'expected column names with commas between them'
/** `EMP_NO,FROM_DATE`, as Hudi writes composite keys. */
const columns = text
  .transform((names) => names.split(',').map((name) => name.trim()))
  .refine((names) => !names.includes(''), COLUMNS)
/** Hudi's empty text: not partitioned. */
const noneOrColumns = z
  .string({ error: 'expected a text' })
  .transform((names) => (names.trim() === '' ? [] : names.split(',').map((name) => name.trim())))
  .refine((names) => !names.includes(''), COLUMNS)

const cadence = z.string({ error: 'expected a text' }).regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
  error: 'expected a letter or digit, then letters, digits, - and _, at most 64',
})

/** `odpf_batch_config`: one item a cadence. `data_lake_format` is what its demo writes beside `datalake_format`. */
export const odpBatch = z.strictObject({
  refresh_cadence: cadence,
  datalake_format: word('hudi', 'iceberg').optional(),
  data_lake_format: word('hudi', 'iceberg').optional(),
  glue_job_name: text.optional(),
  glue_job_worker_type: text.optional(),
  glue_job_max_workers: whole.optional(),
  refresh_tables_batch_size: whole.optional(),
})

/**
 * Of `odpf_raw_table_config`, what can stand in a block of our file too. `glue_table_data_versioning_type` is what its pages
 * call `table_data_versioning_type`; the tuning keys are those that its job reads.
 */
export const odpSettings = z.strictObject({
  is_active: letter('Y', 'N')
    .transform((letter) => letter === 'Y')
    .optional(),
  raw_database_name: text.toLowerCase().optional(),
  raw_table_name: text.toLowerCase().optional(),
  raw_database_S3_bucket: text.optional(),
  table_data_versioning_type: letter('S', 'H').optional(),
  glue_table_data_versioning_type: letter('S', 'H').optional(),
  table_storage_type: word('hudi', 'iceberg').optional(),
  hudi_primary_key: columns.optional(),
  hudi_partition_key: noneOrColumns.optional(),
  hudi_precombine_field: text.optional(),
  hudi_table_type: word('copy_on_write', 'merge_on_read').optional(),
  hudi_commits_to_keep: whole.optional(),
  hudi_blk_insert_shuffle_parallelism: whole.optional(),
  hudi_full_load_rec_size_estimate: whole.optional(),
  upsert_shuffle_parallelism: whole.optional(),
  delete_shuffle_parallelism: whole.optional(),
})

/** `odpf_raw_table_config`: one item a table. */
export const odpTable = odpSettings
  .required({
    raw_database_name: true,
    raw_table_name: true,
    hudi_primary_key: true,
    hudi_precombine_field: true,
  })
  .extend({ refresh_cadence: cadence, source_table_name: text })

export type OdpBatch = z.infer<typeof odpBatch>
export type OdpSettings = z.infer<typeof odpSettings>
export type OdpTable = z.infer<typeof odpTable>

/** Key of a batch manifest → key under `cadences`, or where else; null: plays no part here. */
export const BATCH_KEYS: Readonly<Record<keyof OdpBatch, string | null>> = {
  refresh_cadence: 'cadences',
  datalake_format: 'target.format',
  data_lake_format: 'target.format',
  glue_job_name: null,
  glue_job_worker_type: 'compute.worker_type',
  glue_job_max_workers: 'compute.max_workers',
  refresh_tables_batch_size: 'batch_size',
}

/** Key of a table manifest → setting of a table; null: plays no part here. */
export const TABLE_KEYS: Readonly<Record<keyof OdpTable, string | null>> = {
  refresh_cadence: 'cadence',
  source_table_name: 'tables',
  is_active: 'active',
  raw_database_name: 'target.database',
  raw_table_name: 'target.table',
  raw_database_S3_bucket: null,
  table_data_versioning_type: 'mode',
  glue_table_data_versioning_type: 'mode',
  table_storage_type: 'target.format',
  hudi_primary_key: 'keys',
  hudi_partition_key: 'target.partition_by',
  hudi_precombine_field: 'sequence_by',
  hudi_table_type: 'target.table_type',
  hudi_commits_to_keep: 'target.retain_commits',
  hudi_blk_insert_shuffle_parallelism: 'hoodie.bulkinsert.shuffle.parallelism',
  hudi_full_load_rec_size_estimate: 'hoodie.copyonwrite.record.size.estimate',
  upsert_shuffle_parallelism: 'hoodie.upsert.shuffle.parallelism',
  delete_shuffle_parallelism: 'hoodie.delete.shuffle.parallelism',
}
