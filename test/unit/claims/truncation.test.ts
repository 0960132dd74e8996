/** [generations] A truncation at the source is a reload that begins with the deletions, and whose full load may be empty. */
import { describe, expect, test } from 'vitest'
import { batchTables } from '../../../shared/batching/batch-tables.ts'
import type { TableConfig } from '../../../shared/contracts/config.ts'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { releasing } from '../../../shared/operate/release.ts'
import { askingForReload, completingReload } from '../../../shared/operate/reload.ts'
import { aTable, nameOf, QUIET_MS, TABLE } from './reload-world.ts'
import { removable } from './removals.ts'
import { CADENCE, claim, item, KILLED, reportOf, runJob, settle } from './world.ts'

const LOADED = ['1.parquet', 'LOAD1.parquet']

/** A full load of ids 1 and 2 and a change of 1, in the table; and a bucket from which files can be deleted. */
async function loaded(change: Partial<TableConfig> = {}, mode: 'snapshot' | 'historical' = 'snapshot') {
  const table = await aTable(mode)
  const { remove, take } = removable(table.world)
  await table.configure({ reload: { complete_when: 'quiet', quiet_ms: QUIET_MS }, ...change })
  await table.put('LOAD1.parquet', [
    { id: 1, v: 1 },
    { id: 2, v: 1 },
  ])
  await table.put('1.parquet', [{ op: 'U', seq: '05', id: 1, v: 2 }])
  await table.tick()
  const world = table.world
  let executions = 0
  return {
    ...table,
    remove,
    take,
    /** All that is there is deleted; the events come. */
    async truncate(names: readonly string[] = LOADED): Promise<number> {
      const events = remove(names)
      for (const event of events) await take(event)
      const atS = Math.floor(world.clock.now() / 1000)
      world.clock.advance(1000)
      return atS
    },
    /** How many tables batch-manager finds, and what is said of those held back. */
    async withWork(): Promise<{ batches: number; heldBack: number }> {
      executions += 1
      const before = world.signals.total('TablesHeldBack')
      const { batches } = await batchTables(
        { execution_name: `look${executions}`, refresh_cadence: CADENCE } as Parameters<typeof batchTables>[0],
        world,
      )
      return { batches, heldBack: world.signals.total('TablesHeldBack') - before }
    },
    replace: async (after: TableItem) => world.tables.replace(after, await item(world)),
    verbs: () => ({ ...world, audit: { put: async () => {} }, who: 'test', newId: () => '1' }) as never,
    config: async (): Promise<TableConfig> => (await world.config.table(CADENCE, TABLE)) as TableConfig,
  }
}

describe('under `empty`', () => {
  test('the next run empties the table in a generation of its own, and what is put since is applied on top', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    const { last_snapshot } = await item(table.world)
    const atS = await table.truncate()
    expect(await table.withWork()).toEqual({ batches: 1, heldBack: 0 })
    const entry = await table.tick()
    expect(entry).toMatchObject({
      files: [],
      generation: { id: 2, replaces: true, from_s: atS },
      applied: { max_sequence: null, snapshot: last_snapshot },
    })
    expect(table.rows()).toEqual([])
    const emptied = await item(table.world)
    expect(emptied).toMatchObject({ generation: 2, generation_from_s: atS, reload: null, error: null })
    expect([emptied.truncated_at_s, emptied.fresh_as_of_s]).toEqual([undefined, atS])
    expect(await table.withWork()).toEqual({ batches: 0, heldBack: 0 })
    // Its sequence is below the mark of before, which is of another generation.
    await table.put('2.parquet', [{ op: 'I', seq: '01', id: 7, v: 7 }])
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: false })
    expect(table.rows()).toEqual([{ id: 7, v: 7 }])
  })

  test('what waits and was put before is superseded with it, and what lands later still by the next claim', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    const before = await table.put('2.parquet', [{ op: 'U', seq: '06', id: 2, v: 2 }])
    const [late] = await table.unannounced(async () => {
      await table.put('3.parquet', [{ op: 'U', seq: '07', id: 2, v: 3 }])
    })
    await table.truncate(['2.parquet', '3.parquet', ...LOADED])
    const after = await table.put('4.parquet', [{ op: 'I', seq: '08', id: 4, v: 4 }])
    expect((await table.tick())?.files).toEqual([])
    expect(await table.world.files.settled(TABLE, before.file_id)).toMatchObject({ reason: 'before_reload' })
    if (late) await table.world.files.land(late)
    expect((await table.tick())?.files.map((file) => file.file_id)).toEqual([after.file_id])
    expect(table.rows()).toEqual([{ id: 4, v: 4 }])
    expect(await table.waiting()).toEqual([])
  })

  test('what came into the old generation before anybody knew is applied again with it', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    const events = table.remove(LOADED)
    table.world.clock.advance(1000)
    await table.put('2.parquet', [{ op: 'I', seq: '06', id: 7, v: 7 }])
    await table.tick()
    expect(table.rows().map(({ id }) => id)).toEqual([1, 2, 7])
    for (const event of events) await table.take(event)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['2.parquet'])
    expect(table.rows()).toEqual([{ id: 7, v: 7 }])
  })

  test('it happens once: events again, in any order, and later ones of the same go change nothing', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    const early = table.remove(LOADED)
    table.world.clock.advance(3000)
    const late = table.remove(LOADED)
    for (const event of early) await table.take(event)
    expect((await table.tick())?.files).toEqual([])
    const { revision } = await item(table.world)
    for (const event of [...late, ...early]) await table.take(event)
    expect((await item(table.world)).revision).toBe(revision)
    expect(await table.tick()).toBeUndefined()
  })

  test('a full load that is put since adds to the empty table', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    await table.truncate()
    await table.tick()
    await table.put('LOAD1.parquet', [{ id: 3, v: 3 }])
    expect((await table.tick())?.generation).toEqual({ id: 2, replaces: false })
    await table.put('LOAD2.parquet', [{ id: 4, v: 4 }])
    await table.tick()
    expect(table.rows().map(({ id }) => id)).toEqual([3, 4])
    // And the one after that is a reload, as ever.
    await table.put('LOAD1.parquet', [{ id: 5, v: 5 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toMatchObject({ id: 3, replaces: true })
  })

  test('a truncation while a reload is put in place empties what it loads', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    await table.put('LOAD1.parquet', [{ id: 3, v: 3 }])
    table.world.clock.advance(QUIET_MS)
    const reload = await claim(table.world, 'reload')
    await runJob(table.world, table.lake, reload)
    await table.truncate()
    await settle(table.world, 'reload', reload)
    expect(await item(table.world)).toMatchObject({ generation: 2, refresh_status: 'held' })
    expect((await table.tick())?.generation).toMatchObject({ id: 3, replaces: true })
    expect(table.rows()).toEqual([])
  })

  test('[frozen-set] a batch that is open is looked for first, and its files are not missed', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    await table.put('2.parquet', [{ op: 'U', seq: '06', id: 2, v: 2 }])
    const open = await claim(table.world, 'open')
    await table.truncate(['2.parquet', ...LOADED])
    await settle(table.world, 'open', open, KILLED)
    expect(await item(table.world)).toMatchObject({ refresh_status: 'held', hold_reason: 'truncated_at_source' })
    await table.tick('refresh_error')
    expect(await item(table.world)).toMatchObject({ refresh_status: 'held', hold_reason: 'truncated_at_source' })
    expect((await item(table.world)).entry_uri).toBeNull()
    expect((await table.tick())?.files).toEqual([])
    expect(await table.waiting()).toEqual([])
  })

  test('an attempt whose result nobody knows is issued again as it is', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    await table.truncate()
    const first = await claim(table.world, 'first')
    await runJob(table.world, table.lake, first)
    await table.world.objects.put('control', `runs/${first.run_id}/outcomes/${TABLE}-2.json`, 'garbled')
    await settle(table.world, 'first', first, KILLED)
    expect(await table.withWork()).toEqual({ batches: 1, heldBack: 0 })
    expect((await table.tick())?.files).toEqual([])
    expect(await item(table.world)).toMatchObject({ generation: 2, refresh_status: 'completed' })
    expect(table.lake.get(TABLE)).toHaveLength(2)
  })
})

describe('under `hold`', () => {
  test('a full load that comes replaces the table when it is complete, and needs nobody', async () => {
    const table = await loaded()
    await table.truncate()
    expect(await table.withWork()).toEqual({ batches: 0, heldBack: 1 })
    await table.put('2.parquet', [{ op: 'I', seq: '06', id: 6, v: 6 }])
    const waited = table.world.signals.total('OldestWaitingAge')
    table.world.clock.advance(60_000)
    expect(await table.withWork()).toEqual({ batches: 1, heldBack: 1 })
    expect(table.world.signals.total('OldestWaitingAge')).toBe(waited)
    const { run_id } = await claim(table.world, 'e1')
    expect((await reportOf(table.world, run_id)).skipped).toEqual([{ table: TABLE, reason: 'truncated_at_source' }])
    // A key of its own: the truncation says that it is no more of the same load.
    await table.put('LOAD2.parquet', [{ id: 3, v: 3 }])
    const staged = await claim(table.world, 'e2')
    expect((await reportOf(table.world, staged.run_id)).skipped).toEqual([{ table: TABLE, reason: 'reload_is_staged' }])
    expect(await item(table.world)).toMatchObject({ refresh_status: 'held' })
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD2.parquet'])
    await table.tick()
    expect(table.rows().map(({ id }) => id)).toEqual([3, 6])
    expect(await item(table.world)).toMatchObject({ refresh_status: 'completed', error: null })
  })

  test('`reload --complete` empties it, and `reload` says that the next load replaces it anyway', async () => {
    const table = await loaded()
    await table.truncate()
    const asked = askingForReload(await item(table.world), await table.config(), table.verbs())
    await expect(asked).rejects.toThrow(/TG3360.*truncated.*next full load replaces it anyway.*--complete.*empties/)
    const preview = await completingReload(await item(table.world), await table.config(), table.verbs())
    expect(preview.effects[0]).toMatch(/empties the table, which was truncated at its source at .* time travel/)
    await table.replace(preview.after)
    expect(await table.withWork()).toEqual({ batches: 1, heldBack: 0 })
    expect((await table.tick())?.files).toEqual([])
    expect(table.rows()).toEqual([])
  })

  test('a history is not emptied, but takes a load', async () => {
    const table = await loaded({}, 'historical')
    await table.truncate()
    const preview = completingReload(await item(table.world), await table.config(), table.verbs())
    await expect(preview).rejects.toThrow(/TG3361.*is a history.*tidegate release shop_orders/)
    await table.put('LOAD1.parquet', [{ id: 3, v: 3 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toMatchObject({ id: 2, replaces: false })
    expect(table.versions()).toBe(4)
  })

  test('`release` keeps its rows, and forgets what was said of emptying it; what waited and is deleted is given up', async () => {
    const table = await loaded({ on_truncate: 'empty' })
    const deleted = [
      await table.put('3.parquet', [{ op: 'U', seq: '06', id: 2, v: 3 }]),
      await table.put('LOAD1.parquet', [{ id: 9, v: 9 }]),
    ]
    await table.truncate(['3.parquet', ...LOADED])
    await table.replace(releasing(await item(table.world)).after)
    await table.put('2.parquet', [{ op: 'U', seq: '06', id: 2, v: 6 }])
    expect((await table.tick())?.generation).toEqual({ id: 1, replaces: false })
    expect(table.rows().map(({ id }) => id)).toEqual([1, 2])
    for (const { file_id } of deleted)
      expect(await table.world.files.settled(TABLE, file_id)).toMatchObject({
        file_ingestion_status: 'raw_file_superseded',
        reason: 'truncated',
      })
    expect(await table.waiting()).toEqual([])
  })

  test('where another hold was released first, the table is held for its truncation then', async () => {
    const table = await loaded()
    await table.replace({
      ...(await item(table.world)),
      revision: 2 + 1,
      refresh_status: 'held',
      hold_reason: 'held_by_operator',
    })
    await table.truncate()
    await table.replace(releasing(await item(table.world)).after)
    await table.put('2.parquet', [{ op: 'U', seq: '06', id: 2, v: 6 }])
    const { run_id } = await claim(table.world, 'e1')
    expect((await reportOf(table.world, run_id)).held).toMatchObject([{ reason: 'truncated_at_source' }])
  })
})
