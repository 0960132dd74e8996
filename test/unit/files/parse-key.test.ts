import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sourceConfig } from '../../../shared/contracts/config.ts'
import { ledgerKey } from '../../../shared/contracts/primitives.ts'
import { InputError } from '../../../shared/errors.ts'
import { parseKey } from '../../../shared/files/parse-key.ts'

interface Case {
  key: string
  bucket?: string
  source?: unknown
  expect: { kind: string; code?: string }
  why: string
}
const golden: { source: unknown; cases: Case[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/object-keys.json'), 'utf8'),
)
const STAGING = 'staging'
const dms = sourceConfig.parse(golden.source)

const refusalOf = (run: () => unknown): InputError => {
  try {
    run()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('golden keys', () => {
  it.each(golden.cases)('$why', ({ key, bucket = STAGING, source = golden.source, expect: expected }) => {
    const parse = () => parseKey(bucket, key, { it: sourceConfig.parse(source) }, STAGING)
    if (expected.kind === 'invalid') {
      const error = refusalOf(parse)
      expect(error.code.startsWith(expected.code ?? '')).toBe(true)
      expect(error.certainty).toBe('terminal')
    } else expect(parse()).toMatchObject(expected)
  })
})

describe('parseKey', () => {
  const any = sourceConfig.parse({ prefix: 'in/', layout: '{table}', schema: 'crm', shape: 'plain', file_names: 'any' })
  const parse = (key: string, sources = { dms, any }) => parseKey(STAGING, key, sources, STAGING)

  it('defect 8: schema and table are the folders of the layout below the prefix, and a file name is never one of them', () => {
    const deep = { ...dms, prefix: 'a/b/c/' }
    const bare = { ...dms, prefix: '' }
    for (const [prefix, source] of [
      ['a/b/c/', deep],
      ['', bare],
    ] as const) {
      const key = `${prefix}hr/emp/20230818-023428241.parquet`
      expect(parse(key, { source } as never)).toMatchObject({ schema: 'hr', table: 'emp' })
      const error = refusalOf(() => parse(`${prefix}emp/20230818-023428241.parquet`, { source } as never))
      expect(error.code).toBe('TG2007')
    }
  })

  it('lets the longest prefix win, whatever the order of sources', () => {
    const inner = { ...dms, prefix: 'internal_staging/hr/' }
    const key = 'internal_staging/hr/a/b/LOAD00000001.parquet'
    expect(parse(key, { dms, inner } as never)).toMatchObject({ sourceName: 'inner', schema: 'a', table: 'b' })
    expect(parse(key, { inner, dms } as never)).toMatchObject({ sourceName: 'inner', schema: 'a', table: 'b' })
  })

  it.each([
    ['internal_staging/hr/emp/CDC_TXN-20230818023428241.csv', 'TG2008', 'PreserveTransactions'],
    ['internal_staging/2023/CDC_TXN-20230818023428241.csv', 'TG2008', 'PreserveTransactions'],
    ['internal_staging/hr/emp/LOAD00000001.parquet.gz', 'TG2009', 'also with .gz'],
    ['internal_staging/hr/emp/20230231-020304.parquet', 'TG2010', 'file_names: any'],
    ['internal_staging/hr/emp/20230818-250000.parquet', 'TG2010', 'file_names: any'],
    ['internal_staging/hr/emp/LOAD0000000G.parquet', 'TG2010', 'file_names: any'],
    ['internal_staging/hr/emp/part-0.parquet', 'TG2010', 'file_names: any'],
    ['in/accounts/_data.parquet', 'TG2010', 'hides it from Spark'],
    ['in/loose.parquet', 'TG2007', 'too few folders'],
    ['internal_staging/hr/./LOAD00000001.parquet', 'TG2006', 'normal form'],
    ['internal_staging/hr//', 'TG2006', 'normal form'],
    ['/internal_staging/hr/emp/LOAD00000001.parquet', 'TG2006', 'normal form'],
    ['internal_staging/hr/\ud800/LOAD00000001.parquet', 'TG2004', 'control characters'],
    ['internal_staging/hr/\u0085/LOAD00000001.parquet', 'TG2004', 'control characters'],
    [`internal_staging/${'h'.repeat(200)}/${'e'.repeat(60)}/LOAD00000001.parquet`, 'TG2011', '255'],
  ])('refuses %j with %s', (key, code, text) => {
    const error = refusalOf(() => parse(key))
    expect(error.code).toBe(code)
    expect(error.message).toContain(text)
  })

  it('counts bytes, not characters: 1,024 pass, 1,025 do not', () => {
    const [head, tail] = ['internal_staging/hr/emp/', '/LOAD00000001.parquet']
    const free = 1024 - head.length - tail.length
    const fits = `${head}${'é'.repeat(Math.floor(free / 2))}${'x'.repeat(free % 2)}${tail}`
    expect(parse(fits)).toMatchObject({ kind: 'full', table: 'emp' })
    expect(refusalOf(() => parse(`${head}x${fits.slice(head.length)}`)).code).toBe('TG2015')
  })

  it.each([
    'internal_staging/',
    'internal_staging/hr/',
    'internal_staging/_SUCCESS',
    'internal_staging/hr/emp_$folder$',
    'in/accounts/_temporary/0/part-0.parquet',
    'in/accounts/_committed_123',
    'in/accounts/.part-0.parquet',
    'in/accounts/part-0.parquet.crc',
  ])('takes no notice of %s', (key) => expect(parse(key)).toEqual({ kind: 'ignored', reason: 'not_data' }))

  it('ignores the folders that lead to a prefix', () => {
    expect(parse('a/b/', { deep: { ...dms, prefix: 'a/b/c/' } } as never)).toEqual({
      kind: 'ignored',
      reason: 'not_data',
    })
  })

  it('takes no notice of control tables that DMS writes without a schema', () => {
    expect(parse('internal_staging/awsdms_status/LOAD00000001.csv')).toEqual({
      kind: 'ignored',
      reason: 'dms_control_table',
    })
  })

  it('joins partition folder and segment prefix', () => {
    expect(parse('internal_staging/hr/emp/p0/SEGMENT1_LOAD0000001F.csv.GZ')).toMatchObject({
      kind: 'full',
      segment: 'p0/SEGMENT1',
      loadSequence: 31,
      format: 'csv',
      compression: 'gzip',
    })
  })

  it('reads the five digits that the DMS guide shows too', () => {
    expect(parse('internal_staging/hr/emp/LOAD0000A.csv')).toMatchObject({ kind: 'full', loadSequence: 10 })
  })

  it('shows hostile keys escaped and cut', () => {
    const error = refusalOf(() => parse(`in/a\u001b[31m\u202e\`${'x'.repeat(500)}`))
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(error.message.length).toBeLessThan(500)
  })

  it('gives a valid name or a numbered error for any key', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'internal_staging',
        'in',
        'hr',
        '..',
        '.',
        '',
        'LOAD00000001.parquet',
        '_x.csv',
        '20230818-023428.csv',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    )
    const keys = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('/'))
    fc.assert(
      fc.property(keys, (key) => {
        try {
          const parsed = parse(key)
          if (parsed.kind !== 'ignored') expect(ledgerKey.safeParse(parsed.ledgerKey).success).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
          expect((error as InputError).message).not.toMatch(/\p{Cc}/u)
        }
      }),
    )
  })

  it('names the table by its two folders, and keeps keys raw', () => {
    const name = fc
      .string({ unit: 'grapheme-composite', minLength: 1, maxLength: 20 })
      .filter((text) => !/[\p{Cc}/]/u.test(text) && text !== '.' && text !== '..' && !/^awsdms_/i.test(text))
    fc.assert(
      fc.property(name, name, (schema, table) => {
        expect(parse(`internal_staging/${schema}/${table}/LOAD00000001.parquet`)).toMatchObject({
          schema,
          table,
          ledgerKey: `${schema}_${table}`.toLowerCase(),
        })
      }),
    )
  })
})
