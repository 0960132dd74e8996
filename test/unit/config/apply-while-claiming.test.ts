/** `config apply` and a first claim at once: the frozen entry has the keys that are configured, or the change is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyConfig } from '../../../shared/config/apply.ts'
import { TidegateError } from '../../../shared/errors.ts'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import { around } from '../claims/disturbed.ts'
import { CONTROL, claim, createWorld, plannedTables, putFile, type World } from '../claims/world.ts'
import { resolved } from './support.ts'

const TABLE = 'shop_orders'
const fileWith = (keys: string) => `
sources:
  operational: { prefix: internal_staging/, layout: "{schema}/{table}", shape: dms }
cadences:
  10_min_refresh: { every: 10 minutes }
tables:
  shop.orders: { cadence: 10_min_refresh, keys: [${keys}], sequence_by: seq, target: { database: raw } }
`
const apply = (world: World, keys: string) =>
  applyConfig(resolved(fileWith(keys)), {
    ...world,
    schedules: createMemorySchedules('10_min_refresh'),
    controlBucket: CONTROL,
  })

/** A table that was applied and never claimed, and whose first file waits. */
async function fresh() {
  const world = await createWorld([])
  await apply(world, 'id')
  await putFile(world, TABLE, '1.parquet', '1')
  return world
}
const keysOf = async (world: World) => (await world.config.table('10_min_refresh', TABLE))?.merge.keys

describe('a table without data that gets other keys', () => {
  it('is claimed with those that are configured in the end, in every order of the calls', async () => {
    const ends = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = await fresh()
        const slow = around(world, (name, call) => scheduler.schedule(Promise.resolve(), name).then(call))
        const applying = apply(slow, 'other').then(
          () => 'applied',
          (error) => (error instanceof TidegateError ? error.code : Promise.reject(error)),
        )
        const [claimed, applied] = await scheduler.waitFor(Promise.all([claim(slow, 'e1'), applying]))
        ends.add(applied)
        const [planned] = await plannedTables(world, claimed)
        expect(planned?.entry.merge.keys).toEqual(await keysOf(world))
        expect(await keysOf(world)).toEqual(applied === 'applied' ? ['other'] : ['id'])
        // Applied again, it is refused by what has data now, or has nothing to do.
        if (applied !== 'applied') await expect(apply(world, 'other')).rejects.toThrow('TG1222')
      }),
      { numRuns: 300 },
    )
    // All three ways were gone.
    expect([...ends].sort()).toEqual(['TG1222', 'TG1224', 'applied'])
  })

  it('nor is one that moves to another cadence with them claimed by the old one unseen', async () => {
    const moving = fileWith('other')
      .replace('tables:', '  nightly: { every: 1 day }\ntables:')
      .replace('cadence: 10_min_refresh', 'cadence: nightly')
    const schedules = createMemorySchedules('10_min_refresh', 'nightly')
    const world = await fresh()
    const overtaken = around(world, async (name, call) => {
      if (name === 'config.deleteTableAsSeen') await claim(world, 'e1')
      return call()
    })
    const applying = () => applyConfig(resolved(moving), { ...overtaken, schedules, controlBucket: CONTROL })
    await expect(applying()).rejects.toThrow('TG1224')
    expect([await keysOf(world), await world.config.tables('nightly')]).toEqual([['id'], []])
    await expect(applying()).rejects.toThrow('TG1222')
    // Moved without the other keys, it goes.
    await applyConfig(resolved(moving.replace('keys: [other]', 'keys: [id]')), {
      ...world,
      schedules,
      controlBucket: CONTROL,
    })
    expect(await world.config.tables('nightly')).toMatchObject([{ merge: { keys: ['id'] } }])
  })

  it('TG1224 names the table, and says what to do', async () => {
    const world = await fresh()
    const overtaken = around(world, async (name, call) => {
      if (name === 'config.putTableAsSeen') await claim(world, 'e1')
      return call()
    })
    await expect(apply(overtaken, 'other')).rejects.toMatchObject({
      code: 'TG1224',
      certainty: 'transient',
      message: expect.stringMatching(/`shop_orders` was claimed by a run.*apply again/),
    })
  })
})
