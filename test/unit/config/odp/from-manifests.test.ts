import { describe, expect, it } from 'vitest'
import { importedText } from '../../../../cli/lib/imported-text.ts'
import { fromManifests } from '../../../../shared/config/odp/from-manifests.ts'
import { readManifests } from '../../../../shared/config/odp/manifests.ts'
import { ManifestsRefused } from '../../../../shared/config/odp/refused.ts'
import { parseConfig } from '../../../../shared/config/parse.ts'
import { InvalidConfiguration } from '../../../../shared/config/problems.ts'
import { resolve } from '../../../../shared/config/resolve.ts'
import { deployment, tableOf } from '../support.ts'
import { DEMO_BATCH, DEMO_LOADED, DEMO_MANIFEST, type DemoTable, scanned } from './demo.ts'

const PREFIX = 'internal_staging/'
const read = (document: unknown) => readManifests(JSON.stringify(document, null, 2), 'm.json')
const imported = (documents: readonly unknown[], schemas: readonly string[] = []) =>
  fromManifests(documents.map(read), { schemas, prefix: PREFIX })
const [TABLE] = DEMO_LOADED as [DemoTable]

describe('the demo of the published framework', () => {
  it.each([
    ['its manifests, with the schema that they leave out', [DEMO_BATCH, DEMO_MANIFEST], ['taxi_trips'], 'historical'],
    ['what its loader writes', [[DEMO_BATCH], DEMO_LOADED], [], 'snapshot'],
    ['a scan of its tables', [scanned([DEMO_BATCH]), scanned(DEMO_LOADED)], [], 'snapshot'],
  ] as const)('loads unchanged: %s', (_, documents, schemas, mode) => {
    const result = imported(documents, schemas)
    const { text, fillIn } = importedText(result, ['m.json'])
    const parsed = parseConfig(text, 'tidegate.yml')

    expect(fillIn).toEqual([])
    expect(parsed.config).toEqual(result.config)
    expect(resolve(parsed, deployment).tables).toHaveLength(18)
    expect(parsed.config.sources).toEqual({
      operational: { prefix: PREFIX, layout: '{schema}/{table}', shape: 'dms' },
    })
    expect(parsed.config.cadences).toEqual({
      '10_min_refresh': { every: '10 minutes', batch_size: 5, compute: { worker_type: 'G.1X', max_workers: 10 } },
    })
    expect(Object.keys(parsed.config.tables ?? {})).toEqual(
      Array.from({ length: 18 }, (_, index) => `taxi_trips.table_${index + 1}`),
    )
    expect(tableOf(parsed, 'taxi_trips.table_10')).toMatchObject({
      refresh_cadence: '10_min_refresh',
      source_table_name: 'taxi_trips_table_10',
      is_active: 'Y',
      schema_name: 'taxi_trips',
      table_name: 'table_10',
      merge: {
        mode,
        keys: ['PK_ID'],
        sequence_by: 'CDC_TIMESTAMP_SEQ',
        apply_as_deletes: { column: 'Op', equals: 'D' },
        drop_columns: [],
      },
      target: {
        format: 'hudi',
        database: 'odpf_demo_taxi_trips_raw',
        table: 'table_10',
        write_mode: 'copy_on_write',
        partition_by: ['VENDORID'],
        properties: {},
      },
    })
  })

  it('says what its manifests say and Tidegate does otherwise', () => {
    expect(imported([DEMO_BATCH, DEMO_LOADED]).notes).toEqual([
      expect.stringContaining('not to `hudi-framework-poc-raw`'),
      expect.stringContaining('not `odpf_file_processor`'),
    ])
  })
})

describe('manifests', () => {
  const only = (change: object, batch: object = {}, schemas: readonly string[] = []) => {
    const { config } = imported(
      [
        { ...DEMO_BATCH, ...batch },
        { ...TABLE, ...change },
      ],
      schemas,
    )
    return { ...config, table: Object.entries(config.tables ?? {})[0] }
  }

  it('have tuning keys, which become options of Hudi', () => {
    const tuning = {
      hudi_commits_to_keep: 48,
      hudi_blk_insert_shuffle_parallelism: '25',
      hudi_full_load_rec_size_estimate: 512,
      upsert_shuffle_parallelism: 20,
      delete_shuffle_parallelism: 10,
    }
    expect(only(tuning).table?.[1]?.target).toMatchObject({
      retain_commits: 48,
      properties: {
        'hoodie.bulkinsert.shuffle.parallelism': '25',
        'hoodie.copyonwrite.record.size.estimate': '512',
        'hoodie.upsert.shuffle.parallelism': '20',
        'hoodie.delete.shuffle.parallelism': '10',
      },
    })
  })

  it('may name composite keys and partitions, or none', () => {
    expect(only({ hudi_primary_key: 'EMP_NO, FROM_DATE', hudi_partition_key: 'Y,M' }).table?.[1]).toMatchObject({
      keys: ['EMP_NO', 'FROM_DATE'],
      target: { partition_by: ['Y', 'M'] },
    })
    expect(only({ hudi_partition_key: '' }).table?.[1]?.target?.partition_by).toEqual([])
  })

  it.each([
    ['copy_on_write', { table_type: 'copy_on_write' }],
    ['MERGE_ON_READ', { table_type: 'merge_on_read' }],
  ])('mean a Hudi table of type %s', (hudi_table_type, target) => {
    expect(only({ hudi_table_type }).table?.[1]?.target).toMatchObject(target)
  })

  it('may name Iceberg, for the table or its cadence', () => {
    const iceberg = { format: 'iceberg', write_mode: 'copy_on_write' }
    expect(only({ table_storage_type: 'Iceberg', upsert_shuffle_parallelism: 7 }).table?.[1]?.target).toEqual({
      ...iceberg,
      database: 'odpf_demo_taxi_trips_raw',
      partition_by: ['VENDORID'],
      table: 'table_1',
    })
    const byCadence = only({ table_storage_type: undefined }, { datalake_format: 'iceberg' })
    expect(byCadence.table?.[1]?.target).toMatchObject(iceberg)
  })

  it('keep an inactive table from being refreshed', () => {
    expect(only({ is_active: 'N' }).table?.[1]?.active).toBe(false)
  })

  it.each([
    ['10_min_refresh', '10 minutes'],
    ['30-minutes', '30 minutes'],
    ['2h', '2 hours'],
    ['12_hours_refresh', '12 hours'],
    ['1_day', '1 day'],
    ['nightly', ''],
    ['10_monthly', ''],
  ])('tell the interval of %s by its name', (refresh_cadence, every) => {
    const { cadences } = only({ refresh_cadence }, { refresh_cadence })
    expect(cadences[refresh_cadence]?.every).toBe(every)
  })

  it('whose cadence has no interval leave it to be filled in, and are refused until it is', () => {
    const batch = { ...DEMO_BATCH, refresh_cadence: 'nightly' }
    const result = imported([batch, { ...TABLE, refresh_cadence: 'nightly' }])
    const { text, fillIn } = importedText(result, ['m.json'])
    expect(text.split('\n')[(fillIn[0] ?? 0) - 1]).toMatch(/nightly: .*every: "".* # FILL IN: how often/)
    expect(() => parseConfig(text, 'tidegate.yml')).toThrow(/TG1204 `cadences\.nightly\.every`/)
  })

  it.each([
    ['by the target, which is its end', 'hr_emp_salaries', 'salaries', [], 'hr_emp.salaries'],
    ['by the schema that is named', 'hr_emp_salaries', 'other', ['HR'], 'HR.emp_salaries'],
    ['by the longest that is named', 'hr_emp_salaries', 'salaries', ['hr', 'hr_emp'], 'hr_emp.salaries'],
    ['by the only one, if nothing else tells', 'Salaries', 'salaries', ['hr'], 'hr.salaries'],
  ])('tell the schema %s', (_, source_table_name, raw_table_name, schemas, name) => {
    expect(only({ source_table_name, raw_table_name }, {}, schemas).table?.[0]).toBe(name)
  })

  const problemsOf = (...given: Parameters<typeof imported>): unknown => {
    try {
      return imported(...given)
    } catch (error) {
      if (error instanceof ManifestsRefused || error instanceof InvalidConfiguration) return error.problems
      throw error
    }
  }

  it.each([
    ['an unknown key', { hudi_primry_key: 'a' }, 'TG1202', 'did you mean `hudi_primary_key`?'],
    ['a missing key', { hudi_primary_key: undefined }, 'TG1203', '`hudi_primary_key` is missing'],
    ['a value that is none of the allowed', { table_data_versioning_type: 'X' }, 'TG1204', 'expected `S` or `H`'],
    ['a list where a text belongs', { hudi_primary_key: ['A', 'B'] }, 'TG1204', '`hudi_primary_key`'],
    ['an empty column in a composite key', { hudi_primary_key: 'A,,B' }, 'TG1204', 'commas between them'],
  ])('are refused with line and number for %s', (_, change, code, message) => {
    expect(problemsOf([DEMO_BATCH, [TABLE, { ...TABLE, ...change }]])).toMatchObject([
      { code, message: expect.stringContaining(message), line: expect.any(Number) },
    ])
  })

  it('are refused for an unknown key of a cadence, with the nearest', () => {
    expect(problemsOf([{ ...DEMO_BATCH, glue_job_max_worker: 3 }, TABLE])).toMatchObject([
      { code: 'TG1202', message: expect.stringContaining('`glue_job_max_workers`') },
    ])
  })

  it('are refused when a cadence is nowhere, which the framework passes over in silence', () => {
    expect(problemsOf([DEMO_BATCH, { ...TABLE, refresh_cadence: '10_min_refrsh' }])).toMatchObject([
      { code: 'TG1231', message: expect.stringContaining('did you mean `10_min_refresh`?') },
    ])
  })

  it('are refused when a table or a cadence is there twice', () => {
    expect(problemsOf([DEMO_BATCH, DEMO_BATCH, [TABLE, TABLE]])).toMatchObject([{ code: 'TG1232' }, { code: 'TG1232' }])
  })

  it('are refused as one problem when nothing tells the schema of their tables', () => {
    expect(problemsOf([DEMO_BATCH, DEMO_MANIFEST])).toMatchObject([
      { code: 'TG1233', message: expect.stringMatching(/`table_1`, and 17 more, .* `--schema`/), line: 2 },
    ])
  })

  it('are never evaluated', () => {
    const arguments_ = `{'batch_chunk': [__import__('os')]}`
    expect(() => readManifests(arguments_, 'm.json')).toThrow(InvalidConfiguration)
  })
})
