import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batchConfig, tableConfig } from '../../../shared/contracts/config.ts'
import { BASE, codesOf, problemsOf, resolved } from './support.ts'

const TABLES = `${BASE}tables:\n`
const one = (text: string) => resolved(`${TABLES}${text}`).tables[0]

describe('resolve', () => {
  it("the example's tables are items that the ledger accepts", () => {
    const text = readFileSync(join(import.meta.dirname, '../../../examples/tidegate.yml'), 'utf8')
    const { tables, cadences, sources } = resolved(text)
    expect(tables).toHaveLength(18)
    for (const table of tables) expect(tableConfig.safeParse({ ...table, applied_at_ms: 1 }).error).toBeUndefined()
    for (const cadence of cadences)
      expect(batchConfig.safeParse({ ...cadence, applied_at_ms: 1 }).error).toBeUndefined()
    expect(sources.operational).toMatchObject({ file_names: 'dms' })
    const byName = new Map(tables.map((table) => [table.table_name, table]))
    expect(byName.get('table_10')?.target.partition_by).toEqual(['bucket(16, pk_id)'])
    expect(byName.get('table_18')).toMatchObject({
      refresh_cadence: 'nightly',
      target: { write_mode: 'copy_on_write' },
    })
  })

  it('fills in every default', () => {
    expect(one('  HR.Emp:\n')).toEqual({
      refresh_cadence: '10_min_refresh',
      source_table_name: 'hr_emp',
      is_active: 'Y',
      schema_name: 'HR',
      table_name: 'Emp',
      raw_database_name: 'lake',
      raw_database_S3_bucket: 'raw',
      raw_table_name: 'hr_emp',
      table_data_versioning_type: 'S',
      merge: {
        mode: 'snapshot',
        keys: ['id'],
        sequence_by: 'seq',
        apply_as_deletes: { column: 'Op', equals: 'D' },
        drop_columns: [],
        on_bad_file: 'hold',
      },
      target: {
        format: 'iceberg',
        database: 'lake',
        table: 'hr_emp',
        location: 's3://raw/lake/hr_emp',
        write_mode: 'merge_on_read',
        partition_by: [],
        properties: {},
      },
      max_attempts: 5,
      reload: { complete_when: 'quiet', quiet_ms: 600_000 },
    })
    expect(resolved(BASE).cadences[0]).toEqual({
      refresh_cadence: '10_min_refresh',
      datalake_format: 'iceberg',
      engine: 'glue',
      glue_job_name: 'tidegate-job',
      glue_job_worker_type: 'G.1X',
      glue_job_max_workers: 10,
      refresh_tables_batch_size: 5,
      max_concurrency: 10,
      max_files_per_claim: 1000,
      max_bytes_per_claim: 10 * 2 ** 30,
    })
  })

  it('defect 11: merge on read and copy on write can be chosen, for each table', () => {
    const chosen = (mode: string) => one(`  hr.emp: { target: { write_mode: ${mode} } }\n`)?.target.write_mode
    expect([chosen('merge_on_read'), chosen('copy_on_write')]).toEqual(['merge_on_read', 'copy_on_write'])
  })

  it('lets a reload rest for one interval of its cadence, for as long as is said, or until an operator speaks', () => {
    const reload = (block: string) => one(`  hr.emp: ${block}\n`)?.reload
    expect(reload('')).toEqual({ complete_when: 'quiet', quiet_ms: 600_000 })
    expect(reload('{ cadence: nightly }')).toEqual({ complete_when: 'quiet', quiet_ms: 86_400_000 })
    expect(reload('{ reload: { quiet_period: 2 hours } }')).toEqual({ complete_when: 'quiet', quiet_ms: 7_200_000 })
    expect(reload('{ reload: { complete_when: operator } }')).toEqual({ complete_when: 'operator' })
  })

  it('adopts a table only if the file says so', () => {
    const adopting = one('  hr.emp: { target: { adopt: true } }\n')
    expect(adopting?.target.adopt).toBe(true)
    expect(tableConfig.safeParse({ ...adopting, applied_at_ms: 1 }).error).toBeUndefined()
    expect(one('  hr.emp: { target: { adopt: false } }\n')?.target).not.toHaveProperty('adopt')
  })

  it('takes each key from the first block that says it, inside target too, and remembers which', () => {
    const { tables, provenance } = resolved(`
sources: { s: { prefix: "", layout: "{schema}/{table}", shape: dms } }
cadences: { fast: { every: 1 hour } }
defaults:
  - { match: "HR.*", keys: [a], target: { write_mode: copy_on_write } }
  - { match: "*.*", cadence: fast, keys: [b], sequence_by: s, target: { database: d, write_mode: merge_on_read } }
tables:
  hr.{emp,dep}: { on_bad_file: hold, keys: [family] }
  hr.emp: { keys: [own], drop_columns: [x] }
`)
    expect(
      tables.map((table) => [table.table_name, table.merge.keys, table.merge.on_bad_file, table.target.write_mode]),
    ).toEqual([
      ['emp', ['own'], 'hold', 'copy_on_write'],
      ['dep', ['family'], 'hold', 'copy_on_write'],
    ])
    expect(provenance.get('hr_emp')).toMatchObject({
      keys: 'tables.hr.emp',
      on_bad_file: 'tables.hr.{emp,dep}',
      'target.write_mode': 'defaults[0]',
      'target.database': 'defaults[1]',
      mode: 'built in',
    })
  })

  it('says a schema policy only where it is not strict, as entries from before it do', () => {
    const { tables } = resolved(
      `${TABLES}  hr.{a,b}: { schema_policy: evolve }\n  hr.c: { schema_policy: strict }\n  hr.d:\n`,
    )
    expect(tables.map(({ merge }) => merge.schema_policy)).toEqual(['evolve', 'evolve', undefined, undefined])
  })

  it('names our columns in the order that the table has them, so that the same choice is the same table', () => {
    const { tables } = resolved(
      `${TABLES}  hr.a: { target: { metadata_columns: [_tg_file, _tg_operation] } }\n  hr.b: { target: { metadata_columns: [] } }\n  hr.c:\n`,
    )
    expect(tables.map(({ target }) => target.metadata_columns)).toEqual([['_tg_operation', '_tg_file'], [], undefined])
  })

  it('makes 3,000 tables of one line', () => {
    const { tables } = resolved(`${TABLES}  taxi_trips.table_{1..3000}:\n`)
    expect(tables).toHaveLength(3000)
    expect(tables.at(-1)?.source_table_name).toBe('taxi_trips_table_3000')
  })

  it('reports what a block of many tables lacks once', () => {
    const text = TABLES.replace('    keys: [id]\n', '')
    expect(problemsOf(`${text}  hr.t{1..3000}:\n`)).toMatchObject([
      { code: 'TG1211', message: expect.stringContaining('`hr.t1` has no `keys`: add `keys: […]`') },
    ])
  })

  it.each([
    ['TG1210', '  a.b: { cadence: 10_min_refrsh }', 'did you mean `10_min_refresh`?'],
    ['TG1212', '  a.b{1..100001}:', 'more than 100000 tables'],
    ['TG1212', '  "a.b{1..9}{1..9}{1..9}{1..9}{1..9}{1..99}":', 'more than 100000 tables'],
    ['TG1212', '  "a.b{": ', 'braces'],
    ['TG1213', '  a{1..2}.b:\n  a{2..3}.b:', 'is named by'],
    ['TG1213', '  nodot:', 'schema.table'],
    ['TG1213', '  a/b.c:', 'schema.table'],
    ['TG1214', '  a_b.c:\n  a.b_c:', 'are both `a_b_c` in the ledger'],
    ['TG1214', '  a.b:\n  A.B:', 'are both `a_b` in the ledger'],
    ['TG1215', '  a.b:\n  c.d: { target: { table: a_b } }', 'both write `lake.a_b`'],
    ['TG1216', '  a.order lines:', 'add `target: { table: … }`'],
    ['TG1221', '  a.b: { drop_columns: [x, ID] }', 'drops `ID`'],
    ['TG1221', '  a.b: { drop_columns: [At], target: { partition_by: ["days(at)"] } }', 'drops `At`'],
    ['TG1204', '  a.b: { keys: [id, Id] }', 'each column once'],
    ['TG1204', '  a.b: { on_bad_file: skip }', 'on_bad_file'],
    ['TG1204', '  a.b: { schema_policy: ignore }', 'schema_policy'],
    ['TG1204', '  a.b: { target: { metadata_columns: [file] } }', 'metadata_columns'],
    ['TG1204', '  a.b: { max_attempts: 0 }', 'at least 1'],
    ['TG1204', '  a.b: { max_attempts: 2.5 }', 'whole number'],
    ['TG1204', '  a.b: { reload: { complete_when: soon } }', 'complete_when'],
    ['TG1204', '  a.b: { reload: { quiet_period: a while } }', 'an interval such as'],
    ['TG1225', '  a.b: { target: { format: hudi, write_mode: copy_on_write } }', '`table_type: copy_on_write`'],
    ['TG1225', '  a.b: { target: { table_type: copy_on_write } }', 'an Iceberg table has `write_mode'],
    ['TG1225', '  a.b: { target: { retain_commits: 9 } }', 'is for Hudi'],
    ['TG1217', '  a.b: { mode: H, target: { adopt: true } }', 'use `mode: snapshot`'],
    ['TG1204', '  a.b: { target: { adopt: yes please } }', 'true or false'],
  ])('%s: %s', (code, tables, text) => {
    expect(problemsOf(`${TABLES}${tables}\n`)).toMatchObject([
      { code, message: expect.stringContaining(text), line: expect.any(Number) },
    ])
  })

  it('a name that Glue can have makes any table name possible', () => {
    expect(one('  a.order lines: { target: { table: order_lines } }\n')).toMatchObject({
      source_table_name: 'a_order lines',
      target: { location: 's3://raw/lake/order_lines' },
    })
  })

  it('S is snapshot, and inactive is N', () => {
    expect(one('  a.b: { mode: S, active: false }\n')).toMatchObject({ is_active: 'N', merge: { mode: 'snapshot' } })
  })

  it.each(['H', 'historical'])('%s is historical, which needs keys as snapshot does', (mode) => {
    expect(one(`  a.b: { mode: ${mode} }\n`)).toMatchObject({
      table_data_versioning_type: 'H',
      merge: { mode: 'historical', keys: ['id'] },
    })
    expect(codesOf(`${TABLES.replace('    keys: [id]\n', '')}  a.b: { mode: ${mode} }\n`)).toEqual(['TG1211'])
  })

  it('asks for the deletes where no source is of DMS', () => {
    expect(codesOf(`${TABLES.replace('shape: dms', 'shape: plain')}  a.b:\n`)).toEqual(['TG1211'])
  })

  it.each([
    ['every: 10 seconds', 'TG1218'],
    ['every: 0 minutes', 'TG1218'],
    ['batch_size: 1', 'TG1218'],
    ['every: 1 hour, cron: "0 3 * * ? *"', 'TG1218'],
    ['cron: "0 3 * * *"', 'TG1218'],
    ['cron: "0 3 * * * *"', 'TG1218'],
    ['every: 1 hour, timezone: UTC', 'TG1218'],
    ['cron: "0 3 * * ? *", timezone: Mars/Base', 'TG1218'],
    ['every: 1 hour, compute: { engine: emr-serverless }', 'TG1217'],
    ['every: 1 hour, max_bytes_per_table: 10 GB', 'TG1204'],
  ])('refuses a cadence of { %s } with %s', (cadence, code) => {
    expect(codesOf(BASE.replace('every: 10 minutes', cadence))).toEqual([code])
  })

  it.each([
    ['prefix: staging', 'TG1219'],
    ['prefix: /staging/', 'TG1219'],
    ['prefix: a/../b/', 'TG1219'],
    ['prefix: staging/, schema: x', 'TG1219'],
    ['prefix: staging/, full_load: { match: "*" }', 'TG1219'],
  ])('refuses a source of { %s } with %s', (source, code) => {
    expect(codesOf(BASE.replace('prefix: staging/', source))).toEqual([code])
  })

  it('refuses two sources on one prefix, a layout without schema, and none', () => {
    const source = '{ prefix: staging/, layout: "{schema}/{table}", shape: dms }'
    expect(codesOf(BASE.replace(source, `${source}\n  twin: ${source}`))).toEqual(['TG1219'])
    expect(codesOf(BASE.replace('{schema}/{table}', '{table}'))).toEqual(['TG1219'])
    expect(codesOf(BASE.replace(`operational: ${source}`, '{}'))).toEqual(['TG1219'])
  })
})
