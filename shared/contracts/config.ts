/**
 * Configuration as the Lambdas read it: what `config apply` resolved from the YAML file and wrote to
 * `odpf_batch_config`, `odpf_raw_table_config` and, for the sources, to the control bucket.
 */
import { z } from 'zod'
import { mergeSpec, targetSpec, textFiles } from './plan.ts'
import { epochMs, ledgerKey, refreshCadence } from './primitives.ts'

/** Where files come from. `layout` says which folders under `prefix` name the schema and the table. */
export const sourceConfig = z
  .strictObject({
    prefix: z.string().max(1024),
    layout: z.enum(['{schema}/{table}', '{table}']),
    /** Needed when the layout has no `{schema}`. */
    schema: z.string().min(1).optional(),
    /** `dms`: operation and sequence columns as DMS writes them. `plain`: rows as configured. `debezium`: envelopes. */
    shape: z.enum(['dms', 'plain', 'debezium']),
    /** `dms`: LOAD… and time-stamped names only. `any`: every file name is a change file unless `full_load.match` says otherwise. */
    file_names: z.enum(['dms', 'any']).default('dms'),
    /** Glob relative to `prefix`; `*` stops at a slash, `**` does not. */
    full_load: z.strictObject({ match: z.string().min(1) }).optional(),
  })
  .refine((source) => source.layout !== '{table}' || source.schema !== undefined, {
    message: 'needs `schema`, since its layout has no {schema}',
  })

/** `config/sources.json` on the control bucket: what the file manager needs to understand a key. */
export const sourcesDocument = z.strictObject({
  contract: z.literal('tidegate.sources/1'),
  applied_at_ms: epochMs,
  sources: z.record(z.string(), sourceConfig),
})

/** `odpf_batch_config`: one item a cadence. */
export const batchConfig = z.strictObject({
  refresh_cadence: refreshCadence,
  datalake_format: z.enum(['iceberg', 'hudi']),
  engine: z.enum(['glue', 'emr-serverless', 'emr']),
  glue_job_name: z.string().min(1),
  glue_job_worker_type: z.string().min(1),
  glue_job_max_workers: z.int().positive(),
  /** Tables a batch. */
  refresh_tables_batch_size: z.int().positive(),
  /** Batches at once. */
  max_concurrency: z.int().positive(),
  /** A claim takes the oldest files up to both caps, so a backlog is many batches. */
  max_files_per_claim: z.int().positive(),
  max_bytes_per_claim: z.int().positive(),
  applied_at_ms: epochMs,
})

/** `odpf_raw_table_config`: one item a table. PK `refresh_cadence`, SK `source_table_name`. */
export const tableConfig = z.strictObject({
  refresh_cadence: refreshCadence,
  source_table_name: ledgerKey,
  is_active: z.enum(['Y', 'N']),
  schema_name: z.string().min(1),
  table_name: z.string().min(1),
  raw_database_name: z.string().min(1),
  raw_database_S3_bucket: z.string().min(1),
  raw_table_name: z.string().min(1),
  table_data_versioning_type: z.enum(['S', 'H']),
  merge: mergeSpec,
  target: targetSpec,
  text_files: textFiles.optional(),
  /** So many attempts in a row without a commit hold the table. */
  max_attempts: z.int().positive().default(5),
  /** When all files of the table are deleted from the bucket. Absent: `hold`. */
  on_truncate: z.enum(['ignore', 'empty']).optional(),
  /**
   * When a reload is complete: `quiet`: no full-load file of it came for `quiet_ms`; `operator`: somebody says so. Absent where
   * an older version applied the configuration: as `operator`.
   */
  reload: z
    .discriminatedUnion('complete_when', [
      z.strictObject({ complete_when: z.literal('quiet'), quiet_ms: z.int().positive() }),
      z.strictObject({ complete_when: z.literal('operator') }),
    ])
    .optional(),
  applied_at_ms: epochMs,
})

/**
 * `config/removed/<table>.json` on the control bucket: how a table was configured when the file ceased to name it. Its rows
 * are still there, merged by these keys. It counts only while no configuration names the table.
 */
export const removedTable = z.strictObject({
  contract: z.literal('tidegate.removed-table/1'),
  removed_at_ms: epochMs,
  table: tableConfig,
})

export type SourceConfig = z.infer<typeof sourceConfig>
export type SourcesDocument = z.infer<typeof sourcesDocument>
export type BatchConfig = z.infer<typeof batchConfig>
export type TableConfig = z.infer<typeof tableConfig>
export type RemovedTable = z.infer<typeof removedTable>
