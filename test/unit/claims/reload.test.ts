/** [generations] A reload: staged while its files come, complete by quiet or by an operator's word, put in place by one commit. */
import { describe, expect, test } from 'vitest'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { dying, unlessDied } from './disturbed.ts'
import { aTable, nameOf, QUIET_MS, TABLE } from './reload-world.ts'
import {
  claim,
  item,
  KILLED,
  only,
  outcomeOf,
  ownerOf,
  putOutcome,
  reportOf,
  runJob,
  STAGING,
  settle,
} from './world.ts'

type Table = Awaited<ReturnType<typeof aTable>>

/** A table with the first full load and one change in it; ids 1 and 2. */
async function loaded(...settings: Parameters<typeof aTable>): Promise<Table> {
  const table = await aTable(...settings)
  await table.put('LOAD1.parquet', [
    { id: 1, v: 1 },
    { id: 2, v: 1 },
  ])
  await table.put('1.parquet', [{ op: 'U', seq: '01', id: 1, v: 2 }])
  await table.tick()
  return table
}

const names = async (table: Table) => (await table.waiting()).map(nameOf)
const reasonAt = async (table: Table, execution: string) => {
  const { run_id } = await claim(table.world, execution)
  return (await reportOf(table.world, run_id)).skipped[0]?.reason
}
const set = async (table: Table, change: Partial<TableItem>) => {
  const seen = await item(table.world)
  await table.world.tables.replace({ ...seen, ...change, revision: seen.revision + 1 }, seen)
}

describe('while it is staged', () => {
  test('its files and what was put later wait, readers see the old generation, and that goes on', async () => {
    const table = await loaded()
    await table.put('2.parquet', [{ op: 'U', seq: '02', id: 2, v: 2 }])
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    await table.put('3.parquet', [{ op: 'U', seq: '03', id: 1, v: 30 }])
    expect((await table.tick())?.generation).toEqual({ id: 1, replaces: false })
    expect(table.rows()).toEqual([
      { id: 1, v: 2 },
      { id: 2, v: 2 },
    ])
    expect(await reasonAt(table, 'e1')).toBe('reload_is_staged')
    expect(await names(table)).toEqual(['LOAD1.parquet', '3.parquet'])
    expect(await item(table.world)).toMatchObject({ refresh_status: 'completed', generation: 1 })
  })

  test('every full-load file starts its quiet period anew, also one with a key of its own', async () => {
    const table = await loaded()
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS - 2000)
    await table.put('LOAD2.parquet', [{ id: 2, v: 10 }])
    table.world.clock.advance(QUIET_MS - 2000)
    expect(await table.tick()).toBeUndefined()
    table.world.clock.advance(2000)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet', 'LOAD2.parquet'])
  })

  test('where the configuration says so, or says nothing yet, it waits for an operator, who means this very reload', async () => {
    for (const reload of [{ complete_when: 'operator' } as const, undefined]) {
      const table = await loaded('snapshot', reload)
      if (!reload) await table.configure({ reload: undefined })
      const again = await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
      table.world.clock.advance(100 * QUIET_MS)
      expect(await table.tick()).toBeUndefined()
      await set(table, { reload: { asked_at_s: null, complete_from_s: again.put_at_s - 1 } })
      expect(await table.tick()).toBeUndefined()
      await set(table, { reload: { asked_at_s: null, complete_from_s: again.put_at_s } })
      expect((await table.tick())?.generation).toEqual({ id: 2, replaces: true, from_s: again.put_at_s })
      expect(await item(table.world)).toMatchObject({ generation: 2, reload: null })
    }
  })

  test('a file of it that is in quarantine keeps it waiting, until a corrected put takes its place', async () => {
    const table = await loaded()
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    await table.aside(await table.put('LOAD2.csv', []))
    table.world.clock.advance(QUIET_MS)
    expect(await reasonAt(table, 'e1')).toBe('reload_is_staged')
    await table.put('LOAD2.csv', [{ id: 2, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet', 'LOAD2.csv'])
  })

  test('a reload that an operator asked for begins with the next full-load file, whatever its key', async () => {
    const table = await loaded()
    const asked_at_s = Math.floor(table.world.clock.now() / 1000)
    await set(table, { reload: { asked_at_s, complete_from_s: null } })
    await table.put('2.parquet', [{ op: 'U', seq: '02', id: 2, v: 2 }])
    expect((await table.tick())?.generation.replaces).toBe(false)
    const load = await table.put('full/part-7.parquet', [{ id: 9, v: 9 }], { dms_file_type: 'Full' })
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: true, from_s: load.put_at_s })
    expect(table.rows()).toEqual([{ id: 9, v: 9 }])
    expect(await item(table.world)).toMatchObject({ generation: 2, reload: null })
    // And that is it: another key adds.
    await table.put('full/part-8.parquet', [{ id: 8, v: 8 }], { dms_file_type: 'Full' })
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: false })
  })
})

describe('its commit', () => {
  test('takes all of its files, whatever the caps, as the first of a generation', async () => {
    const table = await loaded()
    const { last_snapshot } = await item(table.world)
    await table.world.config.putCadence({ ...(await table.cadence()), max_files_per_claim: 2, max_bytes_per_claim: 1 })
    const before = await table.put('2.parquet', [{ op: 'U', seq: '09', id: 2, v: 2 }])
    for (const n of [1, 2, 3, 4]) await table.put(`LOAD${n}.parquet`, [{ id: n, v: 10 }])
    const after = await table.put('3.parquet', [{ op: 'D', seq: '03', id: 4 }])
    table.world.clock.advance(QUIET_MS)
    const entry = await table.tick()
    expect(entry?.files.map(nameOf)).toEqual(['LOAD1.parquet', 'LOAD2.parquet', 'LOAD3.parquet', 'LOAD4.parquet'])
    expect(entry?.applied).toEqual({
      max_sequence: null,
      snapshot: last_snapshot,
      tombstones: `s3://control/tombstones/${TABLE}/2/`,
      tombstones_cover_from: null,
    })
    expect(await table.world.files.settled(TABLE, before.file_id)).toMatchObject({
      file_ingestion_status: 'raw_file_superseded',
      reason: 'before_reload',
    })
    expect(table.world.signals.total('FilesBeforeReload')).toBe(1)
    expect(table.world.signals.total('FilesSuperseded')).toBe(0)
    expect((await table.waiting()).map((file) => file.file_id)).toEqual([after.file_id])
    expect(await item(table.world)).toMatchObject({ generation: 2, applied_max_sequence: null })

    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: false })
    expect(table.rows()).toEqual([1, 2, 3].map((id) => ({ id, v: 10 })))
    expect((await item(table.world)).applied_max_sequence).toContain('03')
  })

  test('[frozen-set] is issued again as it is, with what came meanwhile left for yet another reload', async () => {
    const table = await loaded()
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    const first = await claim(table.world, 'e1')
    const planned = await only(table.world, first)
    await settle(table.world, 'e1', first, KILLED)
    await table.put('LOAD2.parquet', [{ id: 2, v: 20 }])
    expect(await table.tick()).toEqual(planned.entry)
    expect(await item(table.world)).toMatchObject({ generation: 2 })
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: false })
    expect(table.rows()).toEqual([
      { id: 1, v: 10 },
      { id: 2, v: 20 },
    ])
  })

  test('[frozen-set] whose key is put again while it is open is only looked for; then the reload begins with that put', async () => {
    const table = await loaded()
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    const first = await claim(table.world, 'e1')
    await settle(table.world, 'e1', first, KILLED)
    const again = await table.put('LOAD1.parquet', [{ id: 1, v: 20 }])
    await table.tick('refresh_error')
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: true, from_s: again.put_at_s })
    expect(table.rows()).toEqual([{ id: 1, v: 20 }])
  })

  test('when it was rejected, the reload is staged as before, and nothing was given up', async () => {
    const table = await loaded()
    const before = await table.put('2.parquet', [{ op: 'U', seq: '02', id: 2, v: 2 }])
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    const first = await claim(table.world, 'e1')
    const planned = await only(table.world, first)
    const error = { code: 'TG2106', message: 'damaged', transient: false, details: null }
    const rejected = await outcomeOf(table.world, first, planned, { result: 'rejected', files: [], error })
    await putOutcome(table.world, rejected, { ...planned, run_id: first.run_id })
    await settle(table.world, 'e1', first)
    expect(await item(table.world)).toMatchObject({ generation: 1, entry_uri: null, refresh_status: 'refresh_error' })
    // One more file: it is not quiet any more, and the old generation goes on.
    await table.put('LOAD2.parquet', [{ id: 2, v: 10 }])
    expect((await table.tick())?.files.map((file) => file.file_id)).toEqual([before.file_id])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet', 'LOAD2.parquet'])
  })

  test('in a history it appends, and replaces nothing', async () => {
    const table = await loaded('historical')
    const again = await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: false, from_s: again.put_at_s })
    expect(await item(table.world)).toMatchObject({ generation: 2, generation_from_s: again.put_at_s })
    expect(table.versions()).toBe(4)
  })
})

describe('a full load that starts again before it was finished', () => {
  test('replaces what of it was applied already, when all of it is there', async () => {
    const table = await aTable()
    await table.put('LOAD1.parquet', [{ id: 1, v: 1 }])
    await table.put('LOAD2.parquet', [{ id: 2, v: 1 }])
    await table.tick()
    await table.put('1.parquet', [{ op: 'U', seq: '01', id: 1, v: 2 }])
    for (const n of [1, 2, 3]) await table.put(`LOAD${n}.parquet`, [{ id: n, v: 10 }], {}, QUIET_MS / 2)
    await table.put('2.parquet', [{ op: 'U', seq: '02', id: 3, v: 20 }])
    // The change from before it, as long as it goes on.
    expect((await table.tick())?.files.map(nameOf)).toEqual(['1.parquet'])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet', 'LOAD2.parquet', 'LOAD3.parquet'])
    await table.tick()
    expect(table.rows().map(({ id, v }) => [id, v])).toEqual([
      [1, 10],
      [2, 10],
      [3, 20],
    ])
  })

  test('is the first one, where nothing of it was applied yet', async () => {
    const table = await aTable()
    await table.put('LOAD1.parquet', [{ id: 1, v: 1 }])
    await table.put('LOAD2.parquet', [{ id: 2, v: 1 }])
    for (const n of [1, 2, 3]) await table.put(`LOAD${n}.parquet`, [{ id: n, v: 10 }])
    expect(await table.tick()).toBeUndefined()
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toMatchObject({ replaces: true })
    expect(table.rows().map(({ id, v }) => [id, v])).toEqual([
      [1, 10],
      [2, 10],
      [3, 10],
    ])
    expect(await table.waiting()).toEqual([])
  })
})

describe('events that come late', () => {
  test('what was merged into the old generation before the reload was known is applied again with it', async () => {
    const table = await loaded()
    const [load] = await table.unannounced(async () => {
      await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    })
    await table.put('2.parquet', [{ op: 'U', seq: '02', id: 1, v: 20 }])
    await table.put('LOAD2.parquet', [{ id: 2, v: 20 }])
    expect((await table.tick())?.generation.replaces).toBe(false)
    if (load) await table.world.files.land(load)
    table.world.clock.advance(QUIET_MS)
    const entry = await table.tick()
    expect(entry?.files.map((file) => [nameOf(file), file.kind])).toEqual([
      ['LOAD1.parquet', 'full'],
      ['2.parquet', 'incremental'],
      ['LOAD2.parquet', 'full'],
    ])
    expect(table.rows()).toEqual([
      { id: 1, v: 20 },
      { id: 2, v: 20 },
    ])
    expect((await item(table.world)).applied_max_sequence).toContain('02')
    // LOAD2 belongs to this generation, though its marker is the old one's: put again, it is a reload.
    await table.put('LOAD2.parquet', [{ id: 2, v: 30 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toMatchObject({ id: 3, replaces: true })
  })

  test('of what was merged too early, the newest put of each key, and nothing that was not applied', async () => {
    const table = await loaded()
    const [load] = await table.unannounced(async () => {
      await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    })
    table.world.clock.advance(QUIET_MS)
    for (const v of [20, 21]) {
      await table.put('2.parquet', [{ op: 'U', seq: `${v}`, id: 1, v }])
      await table.tick()
    }
    await table.aside(await table.put('3.parquet', [{ op: 'U', seq: '30', id: 1, v: 30 }]))
    if (load) await table.world.files.land({ ...load, landed_at_ms: table.world.clock.now() })
    // It was put long ago, but came just now: more may come.
    expect(await table.tick()).toBeUndefined()
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet', '2.parquet'])
    expect(table.rows()).toEqual([{ id: 1, v: 21 }])
  })

  test('not in a history, which has its rows already', async () => {
    const table = await loaded('historical')
    const [load] = await table.unannounced(async () => {
      await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    })
    await table.put('2.parquet', [{ op: 'U', seq: '02', id: 1, v: 20 }])
    await table.tick()
    if (load) await table.world.files.land(load)
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet'])
    expect(table.versions()).toBe(5)
  })

  test('if such a file is gone, the table is held until it is put again; if it was overwritten, its new event is awaited', async () => {
    const table = await loaded()
    const [load] = await table.unannounced(async () => {
      await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    })
    const early = await table.put('2.parquet', [{ op: 'U', seq: '02', id: 1, v: 20 }])
    await table.tick()
    if (load) await table.world.files.land(load)
    table.world.clock.advance(QUIET_MS)
    const { head } = table.world.objects
    table.world.objects.head = async (bucket, key, etag) =>
      key === early.file_ingestion_path ? undefined : head(bucket, key, etag)
    expect((await claim(table.world, 'e1')).claimed).toBe(0)
    const held = await item(table.world)
    expect(held).toMatchObject({ refresh_status: 'held', hold_reason: 'planned_file_gone', error: { code: 'TG3115' } })
    expect(held.error?.message).toMatch(/2\.parquet.*put it again.*tidegate release shop_orders/)

    table.world.objects.head = head
    await table.world.objects.put(STAGING, early.file_ingestion_path, 'others')
    await set(table, { refresh_status: 'refresh_error', hold_reason: null })
    expect(await reasonAt(table, 'e2')).toBe('reload_is_staged')
    await table.put('2.parquet', [{ op: 'U', seq: '03', id: 1, v: 30 }])
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet'])
    await table.tick()
    expect(table.rows()).toEqual([{ id: 1, v: 30 }])
  })

  test('what was put before the generation began, or is older than what it has of its key, is superseded without a job', async () => {
    const table = await loaded()
    const [change, other, older] = await table.unannounced(async () => {
      await table.put('2.parquet', [{ op: 'U', seq: '02', id: 1, v: 20 }])
      await table.put('LOAD2.parquet', [{ id: 2, v: 10 }])
    })
    const reload = await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    await table.tick()
    const late = { ...reload, file_id: `${reload.file_id.slice(0, 12)}-older`, etag: 'other' }
    for (const file of [change, other, older, late]) if (file) await table.world.files.land(file)
    const before = await item(table.world)
    expect(await table.tick()).toBeUndefined()
    expect(await table.waiting()).toEqual([])
    expect((await table.world.files.settled(TABLE, change?.file_id ?? ''))?.reason).toBe('before_reload')
    expect((await table.world.files.settled(TABLE, other?.file_id ?? ''))?.reason).toBe('before_reload')
    expect((await table.world.files.settled(TABLE, late.file_id))?.reason).toBe('overwritten')
    expect(await item(table.world)).toMatchObject({
      refresh_status: 'completed',
      last_snapshot: before.last_snapshot,
      entry_uri: null,
      claim_owner: null,
    })
  })

  test("a sweep that died is another run's to end, but not before its execution is over", async () => {
    const table = await loaded()
    const [change] = await table.unannounced(async () => {
      await table.put('2.parquet', [{ op: 'U', seq: '02', id: 1, v: 20 }])
    })
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    table.world.clock.advance(QUIET_MS)
    await table.tick()
    if (change) await table.world.files.land(change)
    let n = 1
    for (; (await item(table.world)).refresh_status !== 'updating_table'; n += 1)
      await unlessDied(claim(dying(table.world, n).ports, 'e1'))
    table.world.executions.set(ownerOf('e1'), 'running')
    expect(await reasonAt(table, 'e2')).toBe('claimed_by_a_living_run')
    table.world.executions.set(ownerOf('e1'), 'ended')
    await table.put('3.parquet', [{ op: 'U', seq: '03', id: 1, v: 30 }])
    expect((await table.tick())?.files.map(nameOf)).toEqual(['3.parquet'])
    expect(await table.waiting()).toEqual([])
  })
})

describe('a reload within a reload', () => {
  test('the newest one counts; what only the one before has is not in it', async () => {
    const table = await loaded()
    const [first, second] = [
      await table.put('LOAD1.parquet', [{ id: 1, v: 10 }]),
      await table.put('LOAD2.parquet', [{ id: 2, v: 10 }]),
    ]
    const between = await table.put('2.parquet', [{ op: 'U', seq: '02', id: 1, v: 15 }])
    const again = await table.put('LOAD1.parquet', [{ id: 1, v: 20 }])
    table.world.clock.advance(QUIET_MS)
    const entry = await table.tick()
    expect(entry?.generation).toEqual({ id: 2, replaces: true, from_s: again.put_at_s })
    expect(table.rows()).toEqual([{ id: 1, v: 20 }])
    for (const file of [first, second, between])
      expect((await table.world.files.settled(TABLE, file.file_id))?.reason).toBe('before_reload')
  })

  test('a word that was said after the reload began is about the next one', async () => {
    const table = await loaded()
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    const asked_at_s = Math.floor(table.world.clock.now() / 1000) + 30
    await set(table, { reload: { asked_at_s, complete_from_s: null } })
    table.world.clock.advance(QUIET_MS)
    await table.tick()
    expect((await item(table.world)).reload).toEqual({ asked_at_s, complete_from_s: null })
  })

  test('two puts of one second are one put of a load; one that is applied already is a reload of that second', async () => {
    const table = await aTable()
    await table.put('LOAD1.parquet', [{ id: 1, v: 1 }])
    const now = await table.put('LOAD1.parquet', [{ id: 1, v: 2 }], {}, -1000)
    expect((await table.tick())?.files.map((file) => file.file_id)).toEqual([now.file_id])
    expect(table.world.signals.total('FilesSuperseded')).toBe(0)
    table.world.clock.advance(-1000)
    const again = await table.put('LOAD1.parquet', [{ id: 1, v: 3 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toMatchObject({ id: 2, from_s: again.put_at_s })
    expect(table.rows()).toEqual([{ id: 1, v: 3 }])
  })
})

test('[frozen-set] an entry of an older generation than the table has is only looked for, and takes no mark back', async () => {
  const table = await loaded()
  await table.put('2.parquet', [{ op: 'U', seq: '02', id: 2, v: 2 }])
  const first = await claim(table.world, 'e1')
  await runJob(table.world, table.lake, first)
  await table.world.objects.put('control', `runs/${first.run_id}/outcomes/${TABLE}-2.json`, '{')
  await settle(table.world, 'e1', first)
  await set(table, { generation: 2, applied_max_sequence: '0' })
  const second = await claim(table.world, 'e2')
  expect(await only(table.world, second)).toMatchObject({ resolve_only: true, entry: { generation: { id: 1 } } })
  await runJob(table.world, table.lake, second)
  await settle(table.world, 'e2', second)
  expect(await item(table.world)).toMatchObject({
    refresh_status: 'completed',
    generation: 2,
    applied_max_sequence: '0',
  })
})
