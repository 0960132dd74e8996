import { describe, expect, it } from 'vitest'
import { sourceConfig } from '../../../shared/contracts/config.ts'
import { fileNameOf } from '../../../shared/files/file-name.ts'

const dms = sourceConfig.parse({ prefix: 'in/', layout: '{schema}/{table}', shape: 'dms' })
const any = sourceConfig.parse({ prefix: 'in/', layout: '{schema}/{table}', shape: 'plain', file_names: 'any' })
const PARQUET = { format: 'parquet', compression: 'none' }
const read = (name: string, source = dms) => fileNameOf(`in/hr/emp/${name}`, name, source)

describe('a file name says', () => {
  it.each([
    ['a.parquet', PARQUET],
    ['a.PARQUET', PARQUET],
    ['a.csv', { format: 'csv', compression: 'none' }],
    ['a.csv.gz', { format: 'csv', compression: 'gzip' }],
    ['a.json', { format: 'json', compression: 'none' }],
    ['a.JSONL.gz', { format: 'json', compression: 'gzip' }],
    ['a.parquet.csv', { format: 'csv', compression: 'none' }],
  ])('%s: format and compression, by its extension', (name, data) =>
    expect(read(name, any)).toEqual({ kind: 'any', data }),
  )

  it('of a full load its counter, and its segment where it has one', () => {
    expect(read('LOAD0000001F.parquet')).toEqual({ kind: 'load', loadSequence: 31, data: PARQUET })
    expect(read('3_LOAD00000001.csv')).toEqual({
      kind: 'load',
      segment: '3',
      loadSequence: 1,
      data: { format: 'csv', compression: 'none' },
    })
  })

  it('of a change file when it was written, to the millisecond', () => {
    expect(read('20231118-101012.parquet')).toEqual({
      kind: 'change',
      writtenAt: '2023-11-18T10:10:12.000Z',
      data: PARQUET,
    })
    expect(read('20231118-1010123.parquet')).toMatchObject({ writtenAt: '2023-11-18T10:10:12.300Z' })
    expect(read('20231118-101012345999.parquet')).toMatchObject({ writtenAt: '2023-11-18T10:10:12.345Z' })
  })
})

describe('a file name is refused', () => {
  it.each([
    [
      'a.txt',
      /^TG2009: `in\/hr\/emp\/a\.txt` is neither \.parquet, \.csv, \.json nor \.jsonl, the last three also with \.gz: move the file/,
    ],
    ['parquet', /^TG2009/],
    ['a.parquet.bak', /^TG2009/],
    ['_a.parquet', /^TG2010: `in\/hr\/emp\/_a\.parquet` starts with an underscore/],
    ['a.parquet', /^TG2010: `in\/hr\/emp\/a\.parquet` is not named as DMS names files .*set `file_names: any`/],
    ['20230231-101012.parquet', /^TG2010/],
    ['20231118-101012345.1.parquet', /^TG2010/],
    ['xLOAD00000001.parquet', /^TG2010/],
    ['LOAD00000001x.parquet', /^TG2010/],
  ])('%s', (name, message) => expect(() => read(name)).toThrow(message))
})
