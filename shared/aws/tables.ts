/** The six DynamoDB tables: their names under a prefix and their keys. `serverless.yml` declares the same. */

/** Partition key, and sort key if any; all are strings. */
export const tableKeys = {
  file_tracker: ['source_table_name', 'file_id'],
  file_tracker_history: ['source_table_name', 'file_id'],
  file_processing_tracker: ['raw_table_name'],
  file_processing_tracker_history: ['raw_table_name', 'glue_job_run_id'],
  batch_config: ['refresh_cadence'],
  raw_table_config: ['refresh_cadence', 'source_table_name'],
} as const satisfies Record<string, readonly [string, string?]>

export type LedgerTable = keyof typeof tableKeys
export type TableNames = Readonly<Record<LedgerTable, string>>

/** Attribute of `file_tracker_history` that DynamoDB's time to live reads, in seconds. */
export const timeToLiveAttribute = 'expires_at_s'

/** `odpf_` → `odpf_file_tracker`, … */
export const tableNames = (prefix: string): TableNames => ({
  file_tracker: `${prefix}file_tracker`,
  file_tracker_history: `${prefix}file_tracker_history`,
  file_processing_tracker: `${prefix}file_processing_tracker`,
  file_processing_tracker_history: `${prefix}file_processing_tracker_history`,
  batch_config: `${prefix}batch_config`,
  raw_table_config: `${prefix}raw_table_config`,
})
