/** A table that is truncated at its source: its last object's deletion holds it, and nothing else does. */
import { beforeEach, describe, expect, it } from 'vitest'
import { afterTruncation, truncationOver } from '../../../shared/claims/truncation.ts'
import type { TableConfig } from '../../../shared/contracts/config.ts'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import type { PlanEntry } from '../../../shared/contracts/plan.ts'
import { noteDeletion } from '../../../shared/landing/deletion.ts'
import { releasing } from '../../../shared/operate/release.ts'
import { deletedEvent, FOLDER, removable } from '../claims/removals.ts'
import { claim, createWorld, item, ownerOf, putFile, runJob, settle, tableConfig, type World } from '../claims/world.ts'

const TABLE = 'shop_orders'

let world: World
/** A full load and a change, both in the table. */
beforeEach(async () => {
  world = await createWorld()
  bucket = removable(world)
  await putFile(world, TABLE, 'LOAD00000001.parquet', '')
  await putFile(world, TABLE, '20231118-101012345.parquet', '1')
  await run('e1')
})

async function run(execution: string) {
  const claimed = await claim(world, execution)
  await runJob(world, new Map(), claimed)
  await settle(world, execution, claimed)
}

let bucket: ReturnType<typeof removable>
const ports = () => bucket.ports
const eventOf = (key: string, detail: object = {}, object: object = {}) => deletedEvent(world, key, detail, object)

/** Deletes the object, and tells what its event comes to. */
async function remove(name: string, change: object = {}) {
  const [event] = bucket.remove([name], change)
  const deletion = event && (await bucket.take(event))
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
    expect(after.truncation_over_s).toBe(held.truncated_at_s)
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
    bucket.remove(['20231118-101012345.parquet', 'LOAD00000001.parquet'])
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

  it('is held whatever else lies in its folder, and what was put in the very second stays', async () => {
    const { listed } = world.objects
    const now = () => Math.floor(world.clock.now() / 1000)
    const object = (key: string, put_at_s: number) => ({ key, etag: 'e', bytes: 1, put_at_s })
    let since = Number.POSITIVE_INFINITY
    world.objects.listed = async function* (...args) {
      yield object(`${FOLDER}_SUCCESS`, 1)
      yield object('elsewhere/x.parquet', 1)
      yield object('internal_staging/shop/items/LOAD1.parquet', 1)
      yield object(`${FOLDER}20231118-111012345.parquet`, Math.min(since, now()))
      yield* listed(...args)
    }
    await remove('20231118-101012345.parquet')
    since = now()
    expect(await remove('LOAD00000001.parquet')).toBe('truncated')
  })

  it('is held by its first reason while that lasts', async () => {
    await write({ refresh_status: 'held', hold_reason: 'held_by_operator' })
    expect((await truncate())[1]).toBe('truncated')
    expect(await item(world)).toMatchObject({ hold_reason: 'held_by_operator', truncated_at_s: expect.any(Number) })
  })
})

describe('a deletion that was decided about', () => {
  it('holds nothing again, however late its event comes', async () => {
    const events = bucket.remove(['20231118-101012345.parquet', 'LOAD00000001.parquet'])
    world.clock.advance(3000)
    const [later] = bucket.remove(['20231118-101012345.parquet'])
    const [first, second] = events
    if (!first || !second || !later) throw new Error('no event')
    expect(await bucket.take(second)).toBe('truncated')
    await world.tables.replace(releasing(await item(world)).after, await item(world))
    // Of the same go: nothing was put in between.
    for (const event of [first, second, later]) expect(await bucket.take(event)).toBe('already_known')
    expect((await item(world)).refresh_status).toBe('completed')
  })

  it.each([
    ['which was applied, and deleted', ['since'], 'truncated'],
    ['which was applied, and deleted, and one that came later is there', ['since', 'later'], 'truncated'],
    ['only after it, though that is applied too', ['later'], 'already_known'],
  ])('is of another truncation by what was put since it: a file %s', async (_, puts, says) => {
    await truncate()
    await world.tables.replace(releasing(await item(world)).after, await item(world))
    const since = '20231118-111012345.parquet'
    if (puts.includes('since')) {
      await putFile(world, TABLE, since, '2')
      await run('since')
    }
    const [event] = bucket.remove([since])
    world.clock.advance(1000)
    if (puts.includes('later')) {
      await putFile(world, TABLE, '20231118-121012345.parquet', '3')
      await run('later')
    }
    expect(event && (await bucket.take(event))).toBe(says)
  })

  it('is of a known one also when a file waits that was put after it', async () => {
    await truncate()
    const [again] = bucket.remove(['LOAD00000001.parquet'])
    world.clock.advance(1000)
    await putFile(world, TABLE, '20231118-111012345.parquet', '2')
    expect(again && (await bucket.take(again))).toBe('already_known')
  })

  it('is another one when a file that was put since was deleted too', async () => {
    await truncate()
    await world.tables.replace(releasing(await item(world)).after, await item(world))
    await putFile(world, TABLE, '20231118-111012345.parquet', '2')
    expect(await remove('20231118-111012345.parquet')).toBe('truncated')
  })
})

describe('under `on_truncate: empty` a table', () => {
  const empties = async () => {
    const { reload, truncated_at_s } = await item(world)
    return truncated_at_s !== undefined && reload?.complete_from_s === truncated_at_s
  }
  beforeEach(() => configured({ on_truncate: 'empty' }))

  it('is to be emptied, in whatever order the events are', async () => {
    expect(await truncate()).toEqual(['objects_remain', 'truncated'])
    expect(await empties()).toBe(true)
    expect(await item(world)).toMatchObject({ refresh_status: 'held', hold_reason: 'truncated_at_source' })
    expect((await item(world)).error?.message).toMatch(/The next run of its cadence empties it; .*keeps its rows/)
  })

  it.each([
    ['first', ['LOAD00000001.parquet', '20231118-101012345.parquet'], ['objects_remain', 'truncated']],
    ['last', ['20231118-101012345.parquet', 'LOAD00000001.parquet'], ['objects_remain', 'truncated']],
  ])('whose load is deleted %s is to be emptied', async (_, names, says) => {
    expect([await remove(names[0] ?? ''), await remove(names[1] ?? '')]).toEqual(says)
    expect(await empties()).toBe(true)
  })

  it('whose load’s event comes last of all is to be emptied then', async () => {
    const [change, load] = bucket.remove(['20231118-101012345.parquet', 'LOAD00000001.parquet'])
    if (!change || !load) throw new Error('no event')
    expect(await bucket.take(change)).toBe('truncated')
    expect(await empties()).toBe(false)
    expect(await bucket.take(load)).toBe('truncated')
    expect(await empties()).toBe(true)
    expect(await bucket.take(load)).toBe('already_known')
  })

  it('whose load a lifecycle rule expired is held, when somebody deletes the last file of it', async () => {
    bucket.remove(['LOAD00000001.parquet'])
    expect(await remove('20231118-101012345.parquet')).toBe('truncated')
    expect(await empties()).toBe(false)
    expect((await item(world)).error?.message).toMatch(/tidegate reload shop_orders --complete.* to empty it/)
  })

  it('whose load was deleted an hour before is held: that was not one go', async () => {
    await remove('LOAD00000001.parquet')
    world.clock.advance(3_600_000)
    await remove('20231118-101012345.parquet')
    expect(await empties()).toBe(false)
  })

  it.each([
    ['historical', { merge: { ...tableConfig(TABLE).merge, mode: 'historical' as const } }],
    ['of format version 3', { target: { ...tableConfig(TABLE).target, properties: { 'format-version': '3' } } }],
  ])('that is %s is held', async (_, change) => {
    await configured({ on_truncate: 'empty', ...change })
    expect((await truncate())[1]).toBe('truncated')
    expect(await empties()).toBe(false)
  })

  it('without a commit is held: there is nothing to empty', async () => {
    await write({ last_snapshot: null, entry_uri: 's3://control/entries/x' })
    expect((await truncate())[1]).toBe('truncated')
    expect(await empties()).toBe(false)
  })

  it('whose load was deleted less than an hour before is emptied', async () => {
    await remove('LOAD00000001.parquet')
    world.clock.advance(3_599_000)
    await remove('20231118-101012345.parquet')
    expect(await empties()).toBe(true)
  })

  it('notes no deletion of a change, and none where it would be held anyway', async () => {
    await putFile(world, TABLE, '20231118-111012345.parquet', '2')
    const { revision } = await item(world)
    await remove('20231118-101012345.parquet')
    await configured({})
    await remove('LOAD00000001.parquet')
    expect((await item(world)).revision).toBe(revision)
  })

  it('notes the deletion of a load once in a while, of however many files', async () => {
    await putFile(world, TABLE, 'LOAD00000002.parquet', '')
    const { revision } = await item(world)
    await remove('LOAD00000001.parquet')
    await remove('LOAD00000002.parquet')
    expect((await item(world)).revision).toBe(revision + 1)
  })
})

describe('no truncation is', () => {
  it('what a lifecycle rule expires', async () => {
    expect(await truncate({ reason: 'Lifecycle Expiration' })).toEqual(['no_truncation', 'no_truncation'])
    expect((await item(world)).refresh_status).toBe('completed')
  })

  it('the end of an old version', async () => {
    bucket.remove(['20231118-101012345.parquet', 'LOAD00000001.parquet'])
    const key = `${FOLDER}LOAD00000001.parquet`
    expect(await noteDeletion(eventOf(key, {}, { 'version-id': 'v1' }), ports())).toBe('no_truncation')
    const marked = eventOf(key, { 'deletion-type': 'Delete Marker Created' }, { 'version-id': 'v2' })
    expect(await noteDeletion(marked, ports())).toBe('truncated')
  })

  it('a table’s that goes on when its owner tidies up, by policy', async () => {
    await configured({ on_truncate: 'ignore' })
    expect(await truncate()).toEqual(['ignored_by_policy', 'ignored_by_policy'])
  })

  it('a deletion in the second in which the load was put', async () => {
    await write({ generation_from_s: Math.floor(world.clock.now() / 1000) })
    expect(await remove('20231118-101012345.parquet')).toBe('nothing_loaded')
  })

  it('a deletion before the load that is in the table', async () => {
    await write({ generation_from_s: Math.floor(world.clock.now() / 1000) + 60 })
    expect((await truncate())[1]).toBe('nothing_loaded')
  })

  it('what has no commit, and no batch that may have one', async () => {
    await write({ last_snapshot: null })
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

it('fails for now when others write the item faster than it can look', async () => {
  let looks = 0
  const get = async (table: string) => {
    looks += 1
    return world.tables.get(table)
  }
  const replace = async () => ({ written: false as const, current: undefined })
  bucket.remove(['20231118-101012345.parquet'])
  const [event] = bucket.remove(['LOAD00000001.parquet'])
  const losing = event && noteDeletion(event, { ...ports(), tables: { get, replace } })
  await expect(losing).rejects.toMatchObject({ code: 'TG3118', certainty: 'transient' })
  await expect(losing).rejects.toThrow(/`shop_orders` changed `8` times .*delivered again/)
  expect(looks).toBe(8)
})

it('a word about the next reload outlasts a truncation that is over, and one about emptying does not', async () => {
  const truncated = { ...(await item(world)), truncated_at_s: 100 }
  const over = (reload: TableItem['reload']) => truncationOver({ ...truncated, reload })
  const decided = { truncated_at_s: undefined, truncation_over_s: 100 }
  expect(over(null)).toEqual(decided)
  expect(over({ asked_at_s: 5, complete_from_s: null })).toEqual(decided)
  expect(over({ asked_at_s: null, complete_from_s: 100 })).toEqual({ ...decided, reload: null })
  const asked = { asked_at_s: 5, complete_from_s: null }
  expect(over({ asked_at_s: 5, complete_from_s: 100 })).toEqual({ ...decided, reload: asked })
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
