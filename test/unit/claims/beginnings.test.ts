/** [generations] Where a next load begins among the waiting files, and which of them it is too late for. */
import { describe, expect, test } from 'vitest'
import { beginnings, loadsOf } from '../../../shared/claims/generations.ts'
import type { KnownFile, TableItem } from '../../../shared/contracts/ledger.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { claimed, landed, markerOf, settled } from '../../contract/support/items.ts'

const TABLE = 'shop_orders'

/** The put of a full-load key at a second. */
const put = (key: string, put_at_s: number): KnownFile =>
  landed(TABLE, 0, {
    file_ingestion_path: key,
    file_id: `${String(put_at_s).padStart(12, '0')}-${key}`,
    put_at_s,
    dms_file_type: 'Full',
  })

interface Known {
  readonly has?: Readonly<Record<string, number>>
  readonly from_s?: number
  readonly asked_at_s?: number
  readonly aside?: readonly (readonly [string, number])[]
}

function begin(
  puts: readonly (readonly [string, number])[],
  { has = {}, from_s = 0, asked_at_s, aside = [] }: Known = {},
) {
  const markers = new Map(
    Object.entries(has).map(([key, put_at_s]) => [key, { put_at_s, marker_of: `${key}@${put_at_s}` }]),
  )
  const files = (list: typeof puts) => list.map(([key, at]) => put(key, at))
  return beginnings(files(puts) as never, files(aside), { markers, from_s, asked_at_s: asked_at_s ?? null })
}

describe('a load begins', () => {
  test.each<[string, Parameters<typeof begin>, number[]]>([
    [
      'never, with the first one in any order',
      [
        [
          ['b', 1],
          ['a', 2],
        ],
      ],
      [],
    ],
    [
      'with the first key that is put again, and once for all of its files',
      [
        [
          ['a', 10],
          ['b', 11],
        ],
        { has: { a: 1, b: 2 } },
      ],
      [10],
    ],
    [
      'also among waiting files',
      [
        [
          ['a', 1],
          ['b', 2],
          ['a', 10],
          ['b', 11],
        ],
      ],
      [10],
    ],
    ['not with a key that the load has not had', [[['c', 10]], { has: { a: 1, b: 2 } }], []],
    [
      'again, with a key that the reload has had',
      [
        [
          ['a', 10],
          ['b', 11],
          ['a', 20],
        ],
        { has: { a: 1, b: 2 } },
      ],
      [10, 20],
    ],
    ['not with a key that only the load before had', [[['b', 11]], { has: { a: 10, b: 2 }, from_s: 10 }], []],
    ['when the very second of an applied one is put again', [[['a', 10]], { has: { a: 10 } }], [10]],
    [
      'not with two waiting puts of one second',
      [
        [
          ['a', 10],
          ['a', 10],
        ],
      ],
      [],
    ],
    [
      'with the first file after it was asked for, and not with each',
      [
        [
          ['x', 9],
          ['y', 10],
          ['z', 11],
        ],
        { asked_at_s: 10 },
      ],
      [10],
    ],
    ['not with what was asked for before the load began', [[['x', 11]], { asked_at_s: 5, from_s: 10 }], []],
    [
      'with a file in quarantine, and a corrected put of it is no other',
      [
        [
          ['b', 11],
          ['a', 20],
        ],
        { has: { a: 1 }, aside: [['a', 10]] },
      ],
      [10],
    ],
  ])('%s', (_, args, expected) => {
    expect(begin(...args)).toEqual(expected)
  })
})

describe('against what the table has', () => {
  const file = landed(TABLE, 5, { dms_file_type: 'Full' })
  const item = (change: Partial<TableItem> = {}) => claimed(TABLE, change)

  async function ports(has: typeof file | undefined, isThere: boolean) {
    const memory = createMemoryPorts()
    await memory.tables.replace(item(), undefined)
    if (has) await memory.files.move({ table: TABLE, token: 7 }, [{ settled: settled(has), marker: markerOf(has) }])
    return { ...memory, objects: { head: async () => (isThere ? { etag: '', bytes: 1, put_at_s: 1 } : undefined) } }
  }

  test('a file that is applied again for a backfill begins nothing, and is not overwritten', async () => {
    expect(await loadsOf(item(), [file], await ports(file, false))).toMatchObject({
      overwritten: [],
      reload: undefined,
    })
  })

  test('one that is older than the applied put of its key is overwritten, though the bytes are the same', async () => {
    const newer = landed(TABLE, 6, { dms_file_type: 'Full', file_ingestion_path: file.file_ingestion_path })
    expect(await loadsOf(item(), [file], await ports(newer, true))).toMatchObject({
      overwritten: [file],
      reload: undefined,
    })
  })

  test('of one second, S3 says whether the applied put was the first', async () => {
    const rival = { ...file, file_id: `${file.file_id}0` }
    expect((await loadsOf(item(), [file], await ports(rival, false))).overwritten).toEqual([file])
    expect((await loadsOf(item(), [file], await ports(rival, true))).reload).toEqual({
      waits_from_s: file.put_at_s,
      from_s: file.put_at_s,
    })
  })

  test('what was put before its generation began is older, changes too', async () => {
    const change = landed(TABLE, 4)
    const loads = await loadsOf(
      item({ generation_from_s: file.put_at_s }),
      [change, file],
      await ports(undefined, true),
    )
    expect(loads).toMatchObject({ older: [change], reload: undefined })
  })
})
