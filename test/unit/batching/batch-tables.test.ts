import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { batchTables } from '../../../shared/batching/batch-tables.ts'
import { packBatches } from '../../../shared/batching/pack.ts'
import { manifest } from '../../../shared/contracts/runs.ts'
import { ConfigurationError } from '../../../shared/errors.ts'
import { around, Died, unlessDied } from '../claims/disturbed.ts'
import {
  CADENCE,
  CONTROL,
  claim,
  createWorld,
  item,
  KILLED,
  MAYBE,
  putFile,
  runJob,
  settle,
  tableConfig,
  type World,
} from '../claims/world.ts'

interface Case {
  tables: number
  batchSize: number
  batches?: number[]
  batchCount?: number
}
const golden: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../fixtures/batching.json', import.meta.url), 'utf8'),
)

const names = (count: number) => Array.from({ length: count }, (_, n) => `shop_t${String(n).padStart(4, '0')}`)
const batch = (world: World, execution = 'e1') =>
  batchTables({ refresh_cadence: CADENCE, execution_name: execution }, world)
const batched = async (world: World, execution = 'e1') =>
  manifest.parse(JSON.parse((await world.objects.get(CONTROL, `runs/${execution}/manifest.json`)) ?? ''))

describe('packing', () => {
  test.each(golden.cases)('$tables tables by $batchSize', ({ tables, batchSize, batches, batchCount }) => {
    const packed = packBatches(names(tables), batchSize)
    if (batches) expect(packed.map((one) => one.tables.length)).toEqual(batches)
    expect(packed).toHaveLength(batchCount ?? batches?.length ?? -1)
    expect(packed.flatMap((one) => one.tables)).toEqual(names(tables))
    expect(packed.map((one) => one.batch)).toEqual(packed.map((_, index) => index + 1))
  })
})

describe('batchTables', () => {
  test('18 tables with files give 4 batches in order of their names', async () => {
    const tables = names(18)
    const world = await createWorld([...tables].reverse())
    for (const table of tables) await putFile(world, table, '1.parquet', '1')

    expect(await batch(world)).toEqual({
      bucket: CONTROL,
      key: 'runs/e1/manifest.json',
      batches: 4,
      max_concurrency: 4,
    })
    expect((await batched(world)).map((one) => one.tables)).toEqual([
      tables.slice(0, 5),
      tables.slice(5, 10),
      tables.slice(10, 15),
      tables.slice(15),
    ])
    expect(world.signals.total('TablesWithWork')).toBe(18)
    expect(world.signals.total('BatchesPlanned')).toBe(4)
    expect(world.signals.total('TablesHeldBack')).toBe(0)
  })

  test('one table alone when it is asked for, and only if it has work', async () => {
    const world = await createWorld(['shop_a', 'shop_b', 'shop_c'])
    for (const table of ['shop_a', 'shop_b']) await putFile(world, table, '1.parquet', '1')
    const only = (table: string, execution_name: string) =>
      batchTables({ refresh_cadence: CADENCE, execution_name, table }, world)

    expect((await only('shop_b', 'e1')).batches).toBe(1)
    expect(await batched(world, 'e1')).toEqual([{ batch: 1, tables: ['shop_b'] }])
    expect((await only('shop_c', 'e2')).batches).toBe(0)
    expect((await only('nobody', 'e3')).batches).toBe(0)
    expect(await batchTables({ refresh_cadence: CADENCE, execution_name: 'e4', table: null }, world)).toMatchObject({
      batches: 1,
    })
    expect(await batched(world, 'e4')).toEqual([{ batch: 1, tables: ['shop_a', 'shop_b'] }])
  })

  test('defect 10: an unknown cadence is a clear failure', async () => {
    const world = await createWorld()
    const attempt = batchTables({ refresh_cadence: 'hourly', execution_name: 'e1' }, world)
    await expect(attempt).rejects.toThrow(ConfigurationError)
    await expect(attempt).rejects.toThrow(/TG1301: The cadence `hourly` is not configured\. .*config apply/)
  })

  test('defect 9: an inactive table is left out, and its files wait', async () => {
    const world = await createWorld(['shop_a', 'shop_b'])
    await world.config.putTable(tableConfig('shop_a', { is_active: 'N' }))
    await putFile(world, 'shop_a', '1.parquet', '1')
    await putFile(world, 'shop_b', '1.parquet', '1')
    await batch(world)
    expect(await batched(world)).toEqual([{ batch: 1, tables: ['shop_b'] }])
    expect(await world.files.waiting('shop_a', 9)).toHaveLength(1)
  })

  test('defect 16: 3,000 tables return a reference, not their configurations', async () => {
    const tables = names(3000)
    const world = await createWorld(tables)
    for (const table of tables) await putFile(world, table, '1.parquet', '1')
    const output = await batch(world)
    expect(output.batches).toBe(600)
    expect(JSON.stringify(output).length).toBeLessThan(300)
  })

  test('defect 19: a table without files has no work and gets no history', async () => {
    const world = await createWorld(['shop_a'])
    expect((await batch(world)).batches).toBe(0)
    expect(await world.tables.runs('shop_a', 9)).toEqual([])
  })

  test('[frozen-set] an unresolved entry is work even when no file of it is new', async () => {
    const world = await createWorld()
    await putFile(world, 'shop_orders', '1.parquet', '1')
    const claimed = await claim(world, 'e1')
    expect((await batch(world, 'e2')).batches).toBe(1)
    await settle(world, 'e1', claimed, KILLED)
    expect((await item(world)).entry_uri).not.toBeNull()
    expect((await batch(world, 'e3')).batches).toBe(1)
  })

  test('[evidence] a table whose settling died between its files and its release has work, though no file waits', async () => {
    const world = await createWorld()
    await putFile(world, 'shop_orders', '1.parquet', '1')
    const claimed = await claim(world, 'e1')
    await runJob(world, new Map(), claimed)
    const mortal = around(world, (name, call) => (name === 'tables.replace' ? Promise.reject(new Died(name)) : call()))
    await unlessDied(settle(mortal, 'e1', claimed))
    expect(await world.files.waiting('shop_orders', 9)).toEqual([])
    expect((await batch(world, 'e2')).batches).toBe(1)
  })

  test('a held table waits for an operator', async () => {
    const world = await createWorld()
    await putFile(world, 'shop_orders', '1.parquet', '1')
    await settle(world, 'e1', await claim(world, 'e1'), MAYBE)
    expect((await batch(world, 'e2')).batches).toBe(0)
    expect(world.signals.total('TablesHeldBack')).toBe(1)
    expect(world.signals.total('TablesWithWork')).toBe(0)
  })

  test('called again for the same execution it answers from the manifest that is there', async () => {
    const world = await createWorld(['shop_a', 'shop_b'])
    await putFile(world, 'shop_a', '1.parquet', '1')
    const first = await batch(world)
    await putFile(world, 'shop_b', '1.parquet', '1')
    expect(await batch(world)).toEqual(first)
    expect(await batched(world)).toEqual([{ batch: 1, tables: ['shop_a'] }])
  })

  test('says how long the oldest file has waited', async () => {
    const world = await createWorld()
    await putFile(world, 'shop_orders', '1.parquet', '1')
    world.clock.advance(59_000)
    await batch(world)
    expect(world.signals.total('OldestWaitingAge')).toBe(60)
  })

  test('a backfilled file waits since its backfill, not since its put', async () => {
    const world = await createWorld()
    await putFile(world, 'shop_orders', '1.parquet', '1', { backfilled_at_ms: world.clock.now() + 10_000 })
    world.clock.advance(59_000)
    await batch(world)
    expect(world.signals.total('OldestWaitingAge')).toBe(50)
  })
})
