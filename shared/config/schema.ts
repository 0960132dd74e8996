/** The YAML file's shape, with a description for every field: `tidegate.schema.json` and the reference are made from it. */
import { z } from 'zod'
import { metadataColumn } from '../contracts/plan.ts'
import { refreshCadence } from '../contracts/primitives.ts'
import { beforeImage, nullMeansUnchanged, operations, sequenceBy } from './change-schema.ts'
import { partitionField } from './partition-field.ts'
import { columnTypes, csvSettings } from './text-settings.ts'
import { bytesOf, intervalMsOf } from './units.ts'

const text = (expected = 'a text') => z.string({ error: `expected ${expected}` }).min(1, `expected ${expected}`)
const columns = z
  .array(text("a column's name"), { error: "expected a list of columns' names, such as `[pk_id]`" })
  .refine(
    (names) => new Set(names.map((name) => name.toLowerCase())).size === names.length,
    'expected each column once, without regard to case',
  )
const count = (most: number) =>
  z.int({ error: 'expected a whole number' }).min(1, 'expected at least 1').max(most, `expected at most ${most}`)

const source = z.strictObject({
  prefix: z
    .string({ error: 'expected a text' })
    .max(1024, 'expected at most 1,024 characters')
    .describe('Start of the object keys, ending with a slash; empty for the whole bucket. The longest prefix wins.'),
  layout: z
    .enum(['{schema}/{table}', '{table}'])
    .describe('Folders after the prefix that name schema and table; deeper folders may follow.'),
  schema: text().optional().describe('Schema of all tables, for a layout without {schema}.'),
  shape: z
    .enum(['dms', 'plain', 'debezium'])
    .describe(
      'dms: rows as AWS DMS writes them. plain: rows of any other producer. debezium: envelopes of `before` and `after`.',
    ),
  file_names: z
    .enum(['dms', 'any'])
    .optional()
    .describe(
      'dms (default): LOAD… and time-stamped names only. any: what full_load.match does not match is a change file.',
    ),
  full_load: z
    .strictObject({
      match: text('a glob such as `*/full-*`').describe(
        'Glob relative to the prefix, for full-load files under `file_names: any`; * stops at a slash, ** does not.',
      ),
    })
    .optional()
    .describe('How full-load files are told from change files under `file_names: any`.'),
})

const compute = z.strictObject({
  engine: z
    .enum(['glue', 'emr-serverless', 'emr'])
    .optional()
    .describe('What runs the Spark job. Default: glue, the only one of this version.'),
  worker_type: text('a worker type such as `G.1X`').optional().describe('Size of a worker. Default: G.1X.'),
  max_workers: count(1000).optional().describe('Upper bound of auto scaling for one job run. Default: 10.'),
  job_name: text().optional().describe("Name of the engine's job. Default: the job that was deployed."),
})

const cadence = z.strictObject({
  every: text('an interval such as `10 minutes`')
    .optional()
    .describe('Interval: 10 minutes, 2 hours, 1 day. Either this or cron.'),
  cron: text('six fields such as `0 3 * * ? *`')
    .optional()
    .describe('Six fields as EventBridge Scheduler reads them. Either this or every.'),
  timezone: text('a time zone such as `Europe/Berlin`').optional().describe('IANA time zone of cron. Default: UTC.'),
  batch_size: count(1000).optional().describe('Tables that one job run works on. Default: 5.'),
  max_concurrency: count(10_000).optional().describe('Batches that run at once. Default: 10.'),
  max_files_per_table: count(100_000)
    .optional()
    .describe('Files that one batch takes of a table, oldest first. Default: 1000.'),
  max_bytes_per_table: text('a size such as `10 GiB`')
    .refine((size) => bytesOf(size) !== undefined, 'expected a size such as `10 GiB`')
    .optional()
    .describe('Bytes that one batch takes of a table, oldest first. Default: 10 GiB.'),
  compute: compute.optional().describe('What runs the batches.'),
})

const glueName = 'lower case letters, digits and underscores, at most 255'
const target = z.strictObject({
  format: z.enum(['iceberg', 'hudi']).optional().describe('Table format. Default: iceberg.'),
  database: text(glueName)
    .regex(/^[a-z0-9_]{1,255}$/, `expected ${glueName}`)
    .optional()
    .describe('Glue database of the table.'),
  table: text(glueName)
    .regex(/^[a-z0-9_]{1,255}$/, `expected ${glueName}`)
    .optional()
    .describe('Name in the database. Default: the ledger key, lower case schema_table.'),
  write_mode: z
    .enum(['merge_on_read', 'copy_on_write'])
    .optional()
    .describe('Iceberg: how changes are written. Default: merge_on_read.'),
  table_type: z
    .enum(['copy_on_write', 'merge_on_read'])
    .optional()
    .describe('Hudi: type of the table. Default: copy_on_write.'),
  retain_commits: count(100_000)
    .optional()
    .describe(
      'Hudi: so many commits stay readable; older files are cleaned. More than your longest query and slowest incremental reader need.',
    ),
  partition_by: z
    .array(
      text().refine(
        (field) => partitionField(field) !== undefined,
        'expected `bucket(16, col)`, `days(col)`, `months(col)` or a column',
      ),
      {
        error: 'expected a list such as `["bucket(16, pk_id)"]`',
      },
    )
    .optional()
    .describe('bucket(16, col), days(col), months(col), or a column. Default: not partitioned.'),
  properties: z
    .record(z.string(), z.string({ error: 'expected a text: put the value in quotes' }), {
      error: 'expected a mapping of texts',
    })
    .optional()
    .describe('Table properties of Iceberg, or write options of Hudi (`hoodie.…`), that are passed on as they are.'),
  metadata_columns: z
    .array(metadataColumn, { error: 'expected a list such as `[_tg_operation, _tg_applied_at]`, or `[]`' })
    .optional()
    .describe(
      'Of the columns that Tidegate adds, those that a new table gets. `_tg_sequence` it always has, and in historical mode `_tg_operation` and `_tg_batch` too. Default: all.',
    ),
  adopt: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe(
      'true: if the table is there already and others made it, go on with its rows. Says something to the first batch only. Default: false.',
    ),
})

const reload = z.strictObject({
  complete_when: z
    .enum(['quiet', 'operator'])
    .optional()
    .describe(
      'quiet (default): no full-load file of it came for a while. operator: somebody types `tidegate reload TABLE --complete`, which they may do under quiet too.',
    ),
  quiet_period: text('an interval such as `30 minutes`')
    .refine((interval) => intervalMsOf(interval) !== undefined, 'expected an interval such as `30 minutes`')
    .optional()
    .describe('That while. Default: the interval of the cadence; one day where it has a cron.'),
})

export const tableSettings = z.strictObject({
  cadence: text("a cadence's name")
    .optional()
    .describe('Refresh cadence that the table follows: a name under `cadences`.'),
  active: z.boolean({ error: 'expected true or false' }).optional().describe('false: its files wait. Default: true.'),
  keys: columns
    .optional()
    .describe('Columns that identify a row. None, `[]`, only with `mode: historical`, whose rows are versions.'),
  sequence_by: sequenceBy
    .optional()
    .describe(
      'Column that orders the changes of one key, as text; for DMS the change sequence. Several, such as `[commit_ts, change_no]`: later ones break the ties of earlier ones.',
    ),
  apply_as_deletes: z
    .strictObject({
      column: text("a column's name").describe('Column that says what a change is.'),
      equals: z.string({ error: 'expected a text: put the value in quotes' }).describe('Its value in a delete.'),
    })
    .optional()
    .describe('Which rows are deletes; all others are upserts. Default with a dms source: column Op equals D.'),
  operations: operations
    .optional()
    .describe(
      'Instead of `apply_as_deletes`: what each value of the operation column is. A value in none of the lists is an error. none: the files have no such column, and every row is an upsert.',
    ),
  null_means_unchanged: nullMeansUnchanged
    .optional()
    .describe(
      'Columns whose null in an update leaves the value as it was, for sources that log changed columns only; all: every column but the keys. Default: a null is a null.',
    ),
  unavailable_value: text()
    .optional()
    .describe(
      'What the source writes in a text column for a value that it left out of an update: it stays as it was. For Debezium, whose `unavailable.value.placeholder` it is. Default with `shape: debezium`: __debezium_unavailable_value.',
    ),
  on_late_partial_update: z
    .enum(['hold', 'stale'])
    .optional()
    .describe(
      'What a late change does whose values a newer update may have left out (`null_means_unchanged`, `unavailable_value`). hold (default): its table waits until it is loaded anew. stale: what it gives is lost. See rows-of-any-producer.md.',
    ),
  shape: z
    .enum(['rows', 'debezium'])
    .optional()
    .describe(
      'debezium: its files hold envelopes of `before` and `after`. rows: they do not. Needed where sources of both kinds are configured.',
    ),
  before_image: beforeImage
    .optional()
    .describe(
      'Change files have the keys as they were before (`add-before-image-columns` of DMS): an update that changes a key deletes the row of the old one. Default: the old row stays.',
    ),
  mode: z
    .enum(['snapshot', 'historical', 'S', 'H'])
    .optional()
    .describe(
      'snapshot (S): one row a key. historical (H): one row for every change of every file, deletes too. Default: snapshot.',
    ),
  drop_columns: columns.optional().describe('Columns of the files that the table does not get. Default: none.'),
  on_bad_file: z
    .enum(['hold', 'quarantine'])
    .optional()
    .describe(
      'hold (default): a bad file stops its table until somebody mends it. quarantine: it is put aside, and the rest goes on.',
    ),
  schema_policy: z
    .enum(['strict', 'evolve', 'lenient'])
    .optional()
    .describe(
      "What a file does whose columns are not the table's. strict (default): it is bad. evolve: the table gets new columns and wider types. lenient: the table stays, and what does not fit is kept in `_rescued`. See schema-changes.md.",
    ),
  on_truncate: z
    .enum(['hold', 'empty', 'ignore'])
    .optional()
    .describe(
      'hold (default): the table waits for a new full load, or for an operator, when all its files were deleted from the bucket, as DMS does when it is truncated at the source. empty: its next run removes its rows. ignore: they stay, and it goes on. Deletions by a lifecycle rule never count. See reload-a-table.md.',
    ),
  max_attempts: z
    .int({ error: 'expected a whole number' })
    .min(1, 'expected at least 1')
    .max(1000, 'expected at most 1000')
    .optional()
    .describe('So many attempts in a row without a commit hold the table until `tidegate retry`. Default: 5.'),
  reload: reload.optional().describe('When a full load that was put again is complete, and replaces the table.'),
  columns: columnTypes
    .optional()
    .describe(
      'For files that are text (CSV, JSON lines), and for booleans that parquet has as texts: columns by name with their types, such as `{ id: bigint, price: "decimal(10,2)" }`; without a header also their order. A column that is not named has the type that the table has for it, or else is a text.',
    ),
  csv: csvSettings.optional().describe('How CSV files are written.'),
  target: target.optional().describe('The table that is written.'),
})

const section = (what: string) => ({ error: `expected a mapping of ${what}` })

export const configFile = z
  .strictObject(
    {
      sources: z
        .record(text(), source, section('sources'))
        .describe('Where files come from, by a name of your choice.'),
      cadences: z
        .record(refreshCadence, cadence, section('cadences'))
        .describe('Refresh intervals, by name: a letter or digit, then letters, digits, - and _, at most 64.'),
      defaults: z
        .array(
          tableSettings.extend({
            match: text('a glob such as `hr.*`').describe('Glob on `schema.table`, without regard to case.'),
          }),
          {
            error: 'expected a list of blocks with `match`',
          },
        )
        .nullish()
        .describe(
          "Settings for the tables that match. The first match wins, for every key by itself; a table's own block wins over all.",
        ),
      tables: z
        .record(text(), tableSettings.nullable(), section('tables'))
        .nullish()
        .describe('Tables as `schema.table`; {1..3000} and {a,b} stand for many. A block may be empty.'),
    },
    { error: 'expected a mapping with `sources`, `cadences`, `defaults` and `tables`' },
  )
  .describe('Configuration of Tidegate')

export type ConfigFile = z.infer<typeof configFile>
export type CadenceBlock = z.infer<typeof cadence>
export type SourceBlock = z.infer<typeof source>
export type TableSettings = z.infer<typeof tableSettings>

/** JSON Schema of the file, for editors (draft 7 is what they know). */
export const configJsonSchema = () => ({
  ...z.toJSONSchema(configFile, { target: 'draft-7', io: 'input' }),
  title: 'tidegate.yml',
})
