/** The facts of the published framework's demo: the same keys and values as in its manifests, written here. */

export const DEMO_BATCH = {
  refresh_cadence: '10_min_refresh',
  datalake_format: 'hudi',
  data_lake_format: 'hudi',
  glue_job_max_workers: 10,
  glue_job_name: 'odpf_file_processor',
  glue_job_worker_type: 'G.1X',
  refresh_tables_batch_size: '5',
}

/** `name`: how its manifest (`table_1`) and its loader (`taxi_trips_table_1`) call a table at the source. */
const demoTable = (name: string, table: string, mode: 'S' | 'H') => ({
  refresh_cadence: '10_min_refresh',
  source_table_name: name,
  hudi_partition_key: 'VENDORID',
  hudi_precombine_field: 'CDC_TIMESTAMP_SEQ',
  hudi_primary_key: 'PK_ID',
  hudi_table_type: 'copy_on_write',
  is_active: 'Y',
  raw_database_name: 'odpf_demo_taxi_trips_raw',
  raw_database_S3_bucket: 'hudi-framework-poc-raw',
  raw_table_name: table,
  table_data_versioning_type: mode,
  table_storage_type: 'hudi',
})

export type DemoTable = ReturnType<typeof demoTable>

const numbers = Array.from({ length: 18 }, (_, index) => index + 1)

/** As the demo's manifest has them: without the schema. */
export const DEMO_MANIFEST = numbers.map((number) => demoTable(`table_${number}`, `table_${number}`, 'H'))
/** As the demo's loader writes them to DynamoDB. */
export const DEMO_LOADED = numbers.map((number) => demoTable(`taxi_trips_table_${number}`, `table_${number}`, 'S'))

/** What `aws dynamodb scan` prints of them. */
export const scanned = (items: readonly object[]) => ({
  Items: items.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([key, value]) => [key, typeof value === 'number' ? { N: `${value}` } : { S: value }]),
    ),
  ),
  Count: items.length,
  ScannedCount: items.length,
  ConsumedCapacity: null,
})
