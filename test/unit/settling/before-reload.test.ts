/** [generations] What was put before a reload, and waits still when that is in the table, is superseded; nothing else is. */
import { expect, test } from 'vitest'
import type { PlannedTable } from '../../../shared/contracts/plan.ts'
import { supersedeBeforeReload } from '../../../shared/settling/before-reload.ts'
import { claim, createWorld, only, putFile, type World } from '../claims/world.ts'

const TABLE = 'shop_orders'

/** So many waiting files, a second apart, and the claim's plan as if it were a reload from the `from`th of them. */
async function reloadFrom(count: number, from: number) {
  const world = await createWorld()
  const files = []
  for (let n = 0; n < count; n++) files.push(await putFile(world, TABLE, `${n}.parquet`, String(n)))
  const planned = await only(world, await claim(world, 'e1'))
  const from_s = files[from]?.put_at_s ?? Number.NaN
  const generation = { ...planned.entry.generation, from_s }
  return { world, files, planned: { ...planned, entry: { ...planned.entry, generation } } as PlannedTable }
}
const waiting = async (world: World) => (await world.files.waiting(TABLE, 999)).map((file) => file.file_id)

test('what was put before it, to the second, and of many files', async () => {
  for (const [count, from] of [
    [3, 1],
    [70, 64],
    [70, 69],
    [64, 63],
    [300, 280],
  ] as const) {
    const { world, files, planned } = await reloadFrom(count, from)
    await supersedeBeforeReload(planned, world)
    expect(await waiting(world)).toEqual(files.slice(from).map((file) => file.file_id))
    expect(await world.files.settled(TABLE, files[0]?.file_id ?? '')).toMatchObject({
      file_ingestion_status: 'raw_file_superseded',
      reason: 'before_reload',
    })
  }
})

test('no more of the ledger is read than it takes', async () => {
  const { world, planned } = await reloadFrom(300, 1)
  const limits: number[] = []
  const files: World['files'] = {
    ...world.files,
    waiting: (table, limit) => {
      limits.push(limit)
      return world.files.waiting(table, limit)
    },
  }
  await supersedeBeforeReload(planned, { ...world, files })
  expect(limits).toEqual([64])
})

test('a batch that is no reload supersedes nothing', async () => {
  const { world, files, planned } = await reloadFrom(3, 2)
  const { from_s: _, ...generation } = planned.entry.generation
  await supersedeBeforeReload({ ...planned, entry: { ...planned.entry, generation } } as PlannedTable, world)
  expect(await waiting(world)).toEqual(files.map((file) => file.file_id))
})
