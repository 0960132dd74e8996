/** A staged reload, as `status`, `files` and `explain` show it. */
import { describe, expect, test } from 'vitest'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import { explainFile } from '../../../shared/operate/explain/explain-file.ts'
import { explainTable } from '../../../shared/operate/explain/explain-table.ts'
import { holding } from '../../../shared/operate/hold.ts'
import { withReloads } from '../../../shared/status/reload.ts'
import { tableStatuses } from '../../../shared/status/table-status.ts'
import { aTable, QUIET_MS, TABLE } from '../claims/reload-world.ts'
import { removable } from '../claims/removals.ts'
import { CADENCE, item, STAGING } from '../claims/world.ts'

const SOURCES = {
  operational: { prefix: 'internal_staging/', layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' },
} as const

async function loaded(...settings: Parameters<typeof aTable>) {
  const table = await aTable(...settings)
  const { world } = table
  await table.put('LOAD00000001.parquet', [{ id: 1, v: 1 }])
  await table.tick()
  const ports = {
    ...world,
    schedules: createMemorySchedules(CADENCE),
    stagingBucket: STAGING,
    sources: async () => SOURCES,
    queues: async () => ({ on_their_way: 0, dead: 0 }),
    evidence: async () => ({ execution: null, job: 'over' as const, job_runs: [] }),
  }
  return {
    ...table,
    row: async () => (await withReloads(await tableStatuses(world), world, world.clock.now()))[0],
    file: (name: string) => explainFile({ bucket: STAGING, key: `internal_staging/shop/orders/${name}` }, ports),
    story: () => explainTable(TABLE, ports),
    ask: async () => {
      const seen = await item(world)
      const reload = { asked_at_s: Math.floor(world.clock.now() / 1000), complete_from_s: null }
      await world.tables.replace({ ...seen, reload, revision: seen.revision + 1 }, seen)
    },
  }
}

describe('a truncated table', () => {
  test('is held with what there is to do, until it needs nobody any more', async () => {
    const table = await loaded()
    const { remove, take } = removable(table.world)
    const [event] = remove(['LOAD00000001.parquet'])
    if (event) await take(event)
    table.world.clock.advance(1000)
    const held = await item(table.world)
    expect((await table.row())?.next_action).toMatch(
      /load it in full; or `tidegate reload TABLE --complete` empties it; .*stay: `tidegate release shop_orders`$/,
    )
    const story = await table.story()
    expect(story.answer).toMatch(/^stuck: held, `truncated_at_source`: All files of `shop_orders` were deleted/)
    expect(story.steps.filter(({ says }) => says.includes('reload of the table is staged'))).toEqual([])

    const reload = { asked_at_s: null, complete_from_s: held.truncated_at_s ?? null }
    const told = { ...held, reload, revision: held.revision + 1 }
    await table.world.tables.replace(told, held)
    expect((await table.row())?.next_action).toBe('it was truncated at its source: the next run empties it')

    await table.world.tables.replace({ ...held, revision: told.revision + 1 }, told)
    const load = await table.put('LOAD00000001.parquet', [{ id: 1, v: 10 }])
    const complete = new Date(load.landed_at_ms + QUIET_MS).toISOString()
    expect((await table.row())?.next_action).toBe(`its reload is complete at ${complete} if no more of it comes`)
  })
})

describe('a staged reload', () => {
  test('says how many files it has, since when, and when it is complete', async () => {
    const table = await loaded()
    expect((await table.row())?.reload).toBeNull()
    const load = await table.put('LOAD00000001.parquet', [{ id: 1, v: 10 }])
    await table.put('20231118-101012345.parquet', [{ op: 'U', seq: '02', id: 1, v: 2 }])
    const complete_ms = load.landed_at_ms + QUIET_MS
    const row = await table.row()
    expect(row?.reload).toEqual({
      since_ms: load.put_at_s * 1000,
      waits_from_ms: load.put_at_s * 1000,
      asked_ms: null,
      full_files: 1,
      complete_ms,
      obstacle: null,
    })
    expect(row?.next_action).toBe(
      `its reload is complete at ${new Date(complete_ms).toISOString()} if no more of it comes`,
    )
    const story = await table.story()
    expect(story.answer).toMatch(/^not yet: a reload of the table is staged, with 1 file .* as it was; it began 2023/)
    expect(story.next_action).toBe(row?.next_action)
    expect((await table.file('20231118-101012345.parquet')).answer).toContain('it waits for a reload of the table')
    table.world.clock.advance(QUIET_MS)
    expect((await table.row())?.next_action).toBe('its reload is complete: the next run puts it in place')
  })

  test('keeps no file that was put before it began', async () => {
    const table = await loaded()
    await table.put('20231118-101012345.parquet', [{ op: 'U', seq: '02', id: 1, v: 2 }])
    await table.put('LOAD00000001.parquet', [{ id: 1, v: 10 }])
    expect((await table.file('20231118-101012345.parquet')).answer).toContain('the oldest of its table')
  })

  test('says who must act: an operator, or whoever mends what is in its way', async () => {
    const table = await loaded('snapshot', { complete_when: 'operator' })
    await table.put('LOAD00000001.parquet', [{ id: 1, v: 10 }])
    expect((await table.row())?.next_action).toBe('when its reload is whole: `tidegate reload shop_orders --complete`')
    expect((await table.story()).answer).toMatch(/^stuck: /)
    await table.aside(await table.put('LOAD00000002.csv', []))
    expect((await table.row())?.next_action).toMatch(/^its reload waits: .*LOAD00000002\.csv` is in quarantine/)
    expect((await table.story()).next_action).toMatch(/LOAD00000002\.csv` is in quarantine/)
  })

  test('of a held table is not what keeps it', async () => {
    const table = await loaded('snapshot', { complete_when: 'operator' })
    await table.put('LOAD00000001.parquet', [{ id: 1, v: 10 }])
    const seen = await item(table.world)
    await table.world.tables.replace(holding(seen, 'the source moves').after, seen)
    expect((await table.story()).answer).toMatch(/^stuck: held, `held_by_operator`/)
    expect((await table.row())?.next_action).toContain('tidegate release')
  })

  test('that was only asked for keeps nothing back', async () => {
    const table = await loaded()
    await table.ask()
    expect(await table.row()).toMatchObject({
      reload: { since_ms: null, full_files: 0 },
      next_action: 'put the full-load files of the reload that was asked for',
    })
    expect((await table.story()).in_table).toBe('yes')
    await table.put('20231118-101012345.parquet', [{ op: 'U', seq: '02', id: 1, v: 2 }])
    expect((await table.file('20231118-101012345.parquet')).answer).toContain('the oldest of its table')
  })
})
