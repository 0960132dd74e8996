/** A table that is truncated at its source: its last object's deletion holds it, and nothing else does. */
import { beforeEach, describe, expect, it } from 'vitest'
import { afterTruncation } from '../../../shared/claims/truncation.ts'
import type { TableConfig } from '../../../shared/contracts/config.ts'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import type { PlanEntry } from '../../../shared/contracts/plan.ts'
import { noteDeletion } from '../../../shared/landing/deletion.ts'
import { releasing } from '../../../shared/operate/release.ts'
import {
  claim,
  createWorld,
  item,
  ownerOf,
  putFile,
  runJob,
  STAGING,
  settle,
  tableConfig,
  type World,
} from '../claims/world.ts'

const TABLE = 'shop_orders'
const FOLDER = 'internal_staging/shop/orders/'
const SOURCES = {
  operational: { prefix: 'internal_staging/', layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' },
} as const

let world: World
/** A full load and a change, both in the table. */
beforeEach(async () => {
  removed.clear()
  world = await createWorld()
  await putFile(world, TABLE, 'LOAD00000001.parquet', '')
  await putFile(world, TABLE, '20231118-101012345.parquet', '1')
  await run('e1')
})

async function run(execution: string) {
  const claimed = await claim(world, execution)
  await runJob(world, new Map(), claimed)
  await settle(world, execution, claimed)
}

const removed = new Set<string>()
async function* listed(bucket: string, prefix: string) {
  for await (const object of world.objects.listed(bucket, prefix)) if (!removed.has(object.key)) yield object
}
const ports = () => ({ ...world, objects: { listed }, sources: async () => SOURCES, stagingBucket: STAGING })

const eventOf = (key: string, change: object = {}, object: object = {}) => ({
  id: 'f1',
  source: 'aws.s3' as const,
  'detail-type': 'Object Deleted' as const,
  time: new Date(world.clock.now()).toISOString(),
  detail: {
    bucket: { name: STAGING },
    object: { key, ...object },
    reason: 'DeleteObject',
    'deletion-type': 'Permanently Deleted',
    ...change,
  },
})

/** Deletes the object, and tells what its event comes to. */
async function remove(name: string, change: object = {}) {
  removed.add(FOLDER + name)
  const deletion = await noteDeletion(eventOf(FOLDER + name, change), ports())
  world.clock.advance(1000)
  return deletion
}

const truncate = async (change: object = {}) => {
  const first = await remove('20231118-101012345.parquet', change)
  return [first, await remove('LOAD00000001.parquet', change)]
}

const configured = (change: Partial<TableConfig>) => world.config.putTable(tableConfig(TABLE, change))
const write = async (change: Partial<TableItem>) => {
  const seen = await item(world)
  await world.tables.replace({ ...seen, ...change, revision: seen.revision + 1 }, seen)
}

describe('a table all of whose files are deleted', () => {
  it('is held with the reason, and waits for an operator', async () => {
    expect(await truncate()).toEqual(['objects_remain', 'truncated'])
    const held = await item(world)
    expect(held).toMatchObject({ refresh_status: 'held', hold_reason: 'truncated_at_source' })
    expect(held.error).toMatchObject({
      code: 'TG3119',
      message: expect.stringContaining('tidegate release shop_orders'),
    })

    await putFile(world, TABLE, '20231118-111012345.parquet', '2')
    expect((await claim(world, 'e2')).claimed).toBe(0)
    const { after } = releasing(await item(world))
    expect(after).toMatchObject({ refresh_status: 'completed', error: null, truncated_at_s: undefined })
    await world.tables.replace(after, await item(world))
    expect((await claim(world, 'e3')).claimed).toBe(1)
  })

  it('is held once, however often the event comes', async () => {
    await truncate()
    const { revision } = await item(world)
    const late = { ...eventOf(`${FOLDER}LOAD00000001.parquet`), time: '2023-11-18T00:00:00Z' }
    expect(await noteDeletion(late, ports())).toBe('already_known')
    expect((await item(world)).revision).toBe(revision)
  })

  it('is held also when changes came since, in whatever order the events are', async () => {
    const event = eventOf(`${FOLDER}20231118-101012345.parquet`)
    removed.add(`${FOLDER}20231118-101012345.parquet`)
    removed.add(`${FOLDER}LOAD00000001.parquet`)
    world.clock.advance(5000)
    await putFile(world, TABLE, '20231118-111012345.parquet', '2')
    expect(await noteDeletion(event, ports())).toBe('truncated')
  })

  it('is held when the run that has it lets it go, applied or not', async () => {
    await putFile(world, TABLE, '20231118-111012345.parquet', '2')
    const claimed = await claim(world, 'e2')
    await runJob(world, new Map(), claimed)
    await remove('20231118-111012345.parquet')
    await truncate()
    expect(await item(world)).toMatchObject({ refresh_status: 'updating_table', claim_owner: ownerOf('e2') })
    await settle(world, 'e2', claimed)
    expect(await item(world)).toMatchObject({
      refresh_status: 'held',
      hold_reason: 'truncated_at_source',
      entry_uri: null,
    })
  })

  it('is held by its first reason while that lasts', async () => {
    await write({ refresh_status: 'held', hold_reason: 'held_by_operator' })
    expect((await truncate())[1]).toBe('truncated')
    expect(await item(world)).toMatchObject({ hold_reason: 'held_by_operator', truncated_at_s: expect.any(Number) })
  })
})

describe('no truncation is', () => {
  it('what a lifecycle rule expires', async () => {
    expect(await truncate({ reason: 'Lifecycle Expiration' })).toEqual(['no_truncation', 'no_truncation'])
    expect((await item(world)).refresh_status).toBe('completed')
  })

  it('the end of an old version', async () => {
    removed.add(`${FOLDER}20231118-101012345.parquet`)
    removed.add(`${FOLDER}LOAD00000001.parquet`)
    const key = `${FOLDER}LOAD00000001.parquet`
    expect(await noteDeletion(eventOf(key, {}, { 'version-id': 'v1' }), ports())).toBe('no_truncation')
    const marked = eventOf(key, { 'deletion-type': 'Delete Marker Created' }, { 'version-id': 'v2' })
    expect(await noteDeletion(marked, ports())).toBe('truncated')
  })

  it('a table’s that goes on when its owner tidies up, by policy', async () => {
    await configured({ on_truncate: 'ignore' })
    expect(await truncate()).toEqual(['ignored_by_policy', 'ignored_by_policy'])
  })

  it('a load that was put again', async () => {
    const event = eventOf(`${FOLDER}20231118-101012345.parquet`)
    removed.add(`${FOLDER}20231118-101012345.parquet`)
    await putFile(world, TABLE, 'LOAD00000001.parquet', 'new')
    expect(await noteDeletion(event, ports())).toBe('objects_remain')
  })

  it('a deletion before the load that is in the table', async () => {
    await write({ generation_from_s: Math.floor(world.clock.now() / 1000) + 60 })
    expect((await truncate())[1]).toBe('nothing_loaded')
  })

  it('what has no rows of ours', async () => {
    const never = eventOf('internal_staging/shop/other/LOAD00000001.parquet')
    expect(await noteDeletion(never, ports())).toBe('nothing_loaded')
    await world.config.deleteTable('10_min_refresh', TABLE)
    expect((await truncate())[1]).toBe('not_configured')
  })

  it.each(['internal_staging/shop/orders/_SUCCESS', 'elsewhere/x.parquet', 'internal_staging/shop/orders/'])(
    'the deletion of %s',
    async (key) => expect(await noteDeletion(eventOf(key), ports())).toBe('not_data'),
  )
})

it.each([
  ['since', 100, { truncated_at_s: undefined }],
  ['before', 99, { refresh_status: 'held', hold_reason: 'truncated_at_source' }],
])('a load that was put %s decides what its commit leaves', async (_, from_s, left) => {
  const seen = { ...(await item(world)), truncated_at_s: 100 }
  const entry = { generation: { id: 2, replaces: true, from_s } } as PlanEntry
  expect(afterTruncation(seen, entry)).toMatchObject(left)
  expect(afterTruncation(seen, undefined)).toMatchObject({ refresh_status: 'held' })
  expect(afterTruncation(await item(world), entry)).toEqual({})
})
