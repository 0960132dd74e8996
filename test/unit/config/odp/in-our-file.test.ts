import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../shared/config/parse.ts'
import { BASE, problemsOf } from '../support.ts'

const blockOf = (block: string) =>
  parseConfig(`${BASE}tables:\n  hr.salaries: ${block}\n`, 't.yml').config.tables?.['hr.salaries']

describe("the framework's keys in our own file", () => {
  it('mean what ours mean', () => {
    const theirs = `{ hudi_primary_key: "EMP_NO,FROM_DATE", hudi_precombine_field: SEQ, hudi_partition_key: DEPT,
      table_data_versioning_type: H, is_active: N, raw_database_name: HR_RAW, raw_table_name: salaries,
      hudi_table_type: merge_on_read, table_storage_type: hudi, hudi_commits_to_keep: 20, upsert_shuffle_parallelism: 4 }`
    const ours = `{ keys: [EMP_NO, FROM_DATE], sequence_by: SEQ, mode: H, active: false, target: { partition_by: [DEPT],
      database: hr_raw, table: salaries, table_type: merge_on_read, format: hudi, retain_commits: 20,
      properties: { hoodie.upsert.shuffle.parallelism: "4" } } }`
    expect(blockOf(theirs)).toEqual(blockOf(ours))
  })

  it('stand beside ours, in defaults too', () => {
    expect(
      blockOf('{ hudi_table_type: copy_on_write, target: { format: hudi, properties: { a: b } }, keys: [id] }'),
    ).toEqual({ keys: ['id'], target: { format: 'hudi', table_type: 'copy_on_write', properties: { a: 'b' } } })
    const { config } = parseConfig(BASE.replace('keys: [id]', 'hudi_primary_key: id'), 't.yml')
    expect(config.defaults).toMatchObject([{ match: '**', keys: ['id'], sequence_by: 'seq' }])
  })

  it.each([
    [
      'TG1202',
      '{ hudi_primry_key: a }',
      '`tables.hr.salaries.hudi_primry_key` is no known key: did you mean `hudi_primary_key`',
    ],
    ['TG1204', '{ hudi_table_type: mor }', 'expected `copy_on_write` or `merge_on_read`'],
    ['TG1234', '{ hudi_primary_key: a, keys: [a] }', '`keys`, which is there too'],
    ['TG1234', '{ hudi_table_type: copy_on_write, target: { table_type: copy_on_write } }', '`target.table_type`'],
    [
      'TG1234',
      '{ delete_shuffle_parallelism: 1, target: { properties: { hoodie.delete.shuffle.parallelism: "1" } } }',
      'keep one',
    ],
  ])('%s: %s', (code, block, message) => {
    expect(problemsOf(`${BASE}tables:\n  hr.salaries: ${block}\n`)).toMatchObject([
      { code, message: expect.stringContaining(message), line: 14 },
    ])
  })
})
