/** [reconcile] A truncation that no event told of is told from what a lifecycle rule deletes, and the table is held. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { releasing } from '../../../shared/operate/release.ts'
import type { ReconcileOptions } from '../../../shared/reconcile/options.ts'
import { reconcile } from '../../../shared/reconcile/reconcile.ts'
import { quarantined } from '../../contract/support/items.ts'
import { deletedEvent, FOLDER, removable, SOURCES } from '../claims/removals.ts'
import { claim, createWorld, item, putFile, runJob, settle, tableConfig, type World } from '../claims/world.ts'

const TABLE = 'shop_orders'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LOAD = 'LOAD1.parquet'
const [FIRST, SECOND] = ['1.parquet', '2.parquet']

let world: World
let bucket: ReturnType<typeof removable>
beforeEach(async () => {
  world = await createWorld()
  bucket = removable(world)
})

const ports = (): Parameters<typeof reconcile>[1] => bucket.ports
const look = (options: Partial<ReconcileOptions> = {}) => reconcile({ dryRun: false, youngMs: 0, ...options }, ports())

let executions = 0
async function run() {
  executions += 1
  const claimed = await claim(world, `e${executions}`)
  await runJob(world, new Map(), claimed)
  await settle(world, `e${executions}`, claimed)
}

const put = (name: string, body = name) => putFile(world, TABLE, name, body)

/** A load of three days ago and a change of an hour ago, in the table. */
async function aTable() {
  await put(LOAD, '')
  world.clock.advance(3 * DAY_MS)
  await put(FIRST)
  await run()
  world.clock.advance(HOUR_MS)
}

const newestPutS = async () => (await world.files.settledFiles(TABLE, 1))[0]?.put_at_s ?? 0

const write = async (change: Partial<TableItem>) => {
  const seen = await item(world)
  await world.tables.replace({ ...seen, ...change, revision: seen.revision + 1 }, seen)
}

describe('a table of which no event told is held', () => {
  beforeEach(aTable)

  it('when nothing is left and a file of the last day is gone', async () => {
    bucket.remove([LOAD, FIRST])
    const sinceS = (await newestPutS()) + 1
    const report = await look()
    expect(report).toMatchObject({ truncated: 1, without_files: 0, lost: 0 })
    expect(report.examples.truncated).toEqual([{ table: TABLE, truncated_at_s: sinceS }])
    expect(await item(world)).toMatchObject({
      refresh_status: 'held',
      hold_reason: 'truncated_at_source',
      truncated_at_s: sinceS,
      reload: null,
    })
    expect(await look()).toMatchObject({ truncated: 0 })
  })

  it('and what was put since stays, whose load ends the hold', async () => {
    bucket.remove([LOAD, FIRST])
    const since = await put(SECOND)
    expect(await look()).toMatchObject({ truncated: 1 })
    expect((await item(world)).truncated_at_s).toBe(since.put_at_s)
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
  })

  it('and of several files that were put since the oldest counts', async () => {
    bucket.remove([LOAD, FIRST])
    const since = await put(SECOND)
    await put('3.parquet')
    await look()
    expect((await item(world)).truncated_at_s).toBe(since.put_at_s)
  })

  it('also one that is held for another reason, which keeps that', async () => {
    await write({ refresh_status: 'held', hold_reason: 'attempts_exhausted' })
    bucket.remove([LOAD, FIRST])
    expect(await look()).toMatchObject({ truncated: 1 })
    expect(await item(world)).toMatchObject({
      hold_reason: 'attempts_exhausted',
      truncated_at_s: (await newestPutS()) + 1,
    })
    expect(await look()).toMatchObject({ truncated: 0 })
  })

  it('and what waited is truncated with it', async () => {
    const waited = await put(SECOND)
    bucket.remove([LOAD, FIRST, SECOND])
    await look()
    expect((await item(world)).truncated_at_s).toBe(waited.put_at_s + 1)
  })

  it('whatever else lies in its folder', async () => {
    bucket.remove([LOAD, FIRST])
    const { listed } = world.objects
    const other = (key: string) => ({ key, etag: 'e', bytes: 1, put_at_s: 1 })
    world.objects.listed = async function* (...args) {
      // A marker, and a key that no source explains.
      yield other(`${FOLDER}_SUCCESS`)
      yield other('elsewhere/x.parquet')
      yield other('internal_staging/shop/items/x.parquet')
      yield* listed(...args)
    }
    expect(await look({ table: TABLE })).toMatchObject({ truncated: 1 })
  })

  it('and not emptied, also by policy: a listing is no proof of what a request did', async () => {
    await world.config.putTable(tableConfig(TABLE, { on_truncate: 'empty' }))
    bucket.remove([LOAD, FIRST])
    await look()
    const held = await item(world)
    expect(held).toMatchObject({ refresh_status: 'held', reload: null })
    expect(held.error?.message).toContain('tidegate reload shop_orders --complete')
    // Its event, when it comes after all, is of the same truncation.
    expect(await bucket.take(deletedEvent(world, FOLDER + FIRST))).toBe('already_known')
  })

  it('but once: what an operator released is not held again', async () => {
    bucket.remove([LOAD, FIRST])
    await look()
    await world.tables.replace(releasing(await item(world)).after, await item(world))
    expect(await look()).toMatchObject({ truncated: 0 })
    expect((await item(world)).refresh_status).toBe('completed')
  })

  it('by a run that is not dry', async () => {
    bucket.remove([LOAD, FIRST])
    expect(await look({ dryRun: true })).toMatchObject({ truncated: 1 })
    expect((await item(world)).refresh_status).toBe('completed')
  })
})

describe('it is no truncation', () => {
  beforeEach(aTable)
  const untouched = async (change: object = {}) => {
    expect(await look()).toMatchObject({ truncated: 0, without_files: 0, ...change })
    expect((await item(world)).refresh_status).toBe('completed')
  }

  it('when a lifecycle rule has expired what is a day old, all of it or not', async () => {
    bucket.remove([LOAD])
    await untouched()
    // Nothing is younger than a day any more.
    world.clock.advance(DAY_MS)
    bucket.remove([FIRST])
    await untouched({ without_files: 1 })
  })

  it('when one file was deleted and an older one is there', async () => {
    bucket.remove([FIRST])
    await untouched()
  })

  it('when a younger file than the one that is gone is there, and one that is older than a day', async () => {
    world.clock.advance(DAY_MS)
    await put(SECOND)
    await run()
    bucket.remove([LOAD, SECOND])
    await untouched()
  })

  it('when a key was put again, which replaces an object', async () => {
    await put(SECOND)
    await run()
    bucket.remove([LOAD, SECOND])
    await put(FIRST, 'other bytes')
    await run()
    await untouched()
  })

  it('when only files are gone that no batch applied', async () => {
    world.clock.advance(DAY_MS)
    const file = await put(SECOND)
    const seen = await item(world)
    const claimed: TableItem = { ...seen, revision: seen.revision + 1, refresh_status: 'updating_table' }
    await world.tables.replace(claimed, seen)
    await world.files.move({ table: TABLE, token: seen.claim_token }, [{ settled: quarantined(file) }])
    await world.tables.replace({ ...seen, revision: claimed.revision + 1 }, claimed)
    bucket.remove([LOAD, FIRST, SECOND])
    await untouched({ without_files: 1 })
  })

  it.each([
    [30, { truncated: 0, without_files: 1 }],
    [90, { truncated: 1, without_files: 0 }],
  ])('%d seconds before a lifecycle rule may expire what is gone: %o', async (seconds, found) => {
    const [newest] = await world.files.settledFiles(TABLE, 1)
    const ageMs = world.clock.now() - (newest?.put_at_s ?? 0) * 1000
    bucket.remove([LOAD, FIRST])
    world.clock.advance(DAY_MS - seconds * 1000 - ageMs)
    expect(await look()).toMatchObject(found)
  })

  it('where the policy is to ignore it, the table is switched off, or not configured', async () => {
    bucket.remove([LOAD, FIRST])
    for (const change of [{ on_truncate: 'ignore' as const }, { is_active: 'N' as const }]) {
      await world.config.putTable(tableConfig(TABLE, change))
      await untouched()
    }
    await world.config.deleteTable('10_min_refresh', TABLE)
    await untouched()
  })

  it('where nothing is loaded yet, or the generation is younger than what is gone', async () => {
    bucket.remove([LOAD, FIRST])
    const { last_snapshot } = await item(world)
    await write({ last_snapshot: null })
    await untouched()
    await write({ last_snapshot, generation_from_s: Math.floor(world.clock.now() / 1000) })
    await untouched({ without_files: 1 })
    await write({ generation_from_s: null, truncated_at_s: 5 })
    await untouched()
  })

  it('where history has forgotten all of its files', async () => {
    bucket.remove([LOAD, FIRST])
    world.files.settledFiles = async () => []
    await untouched()
  })
})

it('one table or one source is looked at alone, and none when the time is over', async () => {
  await aTable()
  bucket.remove([LOAD, FIRST])
  for (const options of [{ table: 'shop_items' }, { deadlineMs: 0 }])
    expect(await look({ dryRun: true, ...options })).toMatchObject({ truncated: 0 })
  expect(await look({ dryRun: true, deadlineMs: 0 })).toMatchObject({ complete: false })
  const elsewhere = { ...SOURCES, other: { ...SOURCES.operational, prefix: 'other/' } }
  const asked = (source: string) =>
    reconcile({ dryRun: true, youngMs: 0, source }, { ...ports(), sources: async () => elsewhere })
  expect(await asked('other')).toMatchObject({ truncated: 0 })
  expect(await asked('operational')).toMatchObject({ truncated: 1 })
})
