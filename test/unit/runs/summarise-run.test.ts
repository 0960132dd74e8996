import { describe, expect, test } from 'vitest'
import { batchTables } from '../../../shared/batching/batch-tables.ts'
import { runSummary, type SettledBatch } from '../../../shared/contracts/runs.ts'
import { summariseRun } from '../../../shared/runs/summarise-run.ts'
import { CADENCE, CONTROL, createWorld, putFile, type World } from '../claims/world.ts'

const TABLES = Array.from({ length: 25 }, (_, n) => `shop_t${String(n).padStart(2, '0')}`)

/** A run over 25 tables in 5 batches, whose batches are settled as `statusOf` says; undefined: the batch is not settled. */
async function summarised(statusOf: (table: string) => SettledBatch['tables'][number]['status'] | undefined) {
  const world = await createWorld(TABLES)
  for (const table of TABLES) await putFile(world, table, '1.parquet', '1')
  const manifest = await batchTables({ refresh_cadence: CADENCE, execution_name: 'e1' }, world)
  for (let batch = 1; batch <= manifest.batches; batch += 1) {
    const tables = TABLES.slice((batch - 1) * 5, batch * 5)
    const settled = tables.flatMap((table) => {
      const status = statusOf(table)
      const rows = { read: 3, inserted: 1, updated: 1, deleted: 1, stale: 0, duplicate: 0 }
      const applied = status === 'completed' ? { rows, files: 1 } : { rows: null, files: 0 }
      return status ? [{ table, status, reason: null, error: null, ...applied }] : []
    })
    const body: SettledBatch = { batch, run_id: `e1-${batch}-0`, engine_run_id: null, tables: settled }
    if (settled.length > 0) await world.objects.put(CONTROL, `runs/e1/settled/${batch}.json`, JSON.stringify(body))
  }
  return { world, output: await summariseRun({ execution_name: 'e1', ...manifest }, world) }
}

const summaryOf = async (world: World) =>
  runSummary.parse(JSON.parse((await world.objects.get(CONTROL, 'runs/e1/summary.json')) ?? ''))

describe('summariseRun', () => {
  test('counts what completed', async () => {
    const { world, output } = await summarised(() => 'completed')
    const summary_uri = 's3://control/runs/e1/summary.json'
    expect(output).toEqual({ tables: 25, completed: 25, skipped: 0, failed: 0, failed_tables: [], summary_uri })
    expect(await summaryOf(world)).toMatchObject({
      batches: 5,
      unsettled_batches: [],
      files: 25,
      rows: { read: 75, inserted: 25, updated: 25, deleted: 25 },
    })
  })

  test('defect 5: a failed or held table makes the run fail, by name; a skipped one does not', async () => {
    const special = { shop_t03: 'refresh_error', shop_t07: 'held', shop_t11: 'skipped' } as const
    const { world, output } = await summarised((table) => special[table as keyof typeof special] ?? 'completed')
    expect(output).toMatchObject({ completed: 22, skipped: 1, failed: 2, failed_tables: ['shop_t03', 'shop_t07'] })
    expect((await summaryOf(world)).tables.find((table) => table.table === 'shop_t07')).toMatchObject({ batch: 2 })
  })

  test('a batch that left nothing counts as failed, each table of it', async () => {
    const { world, output } = await summarised((table) =>
      TABLES.indexOf(table) >= 5 && TABLES.indexOf(table) < 10 ? undefined : 'completed',
    )
    expect(output).toMatchObject({ completed: 20, failed: 5, failed_tables: TABLES.slice(5, 10) })
    const summary = await summaryOf(world)
    expect(summary.unsettled_batches).toEqual([2])
    expect(summary.tables.find((table) => table.table === 'shop_t05')?.error).toMatchObject({
      code: 'TG5306',
      message: expect.stringContaining('Batch `2` ended without settling `shop_t05`'),
    })
  })

  test('a table that its settled batch forgot counts as failed', async () => {
    const { output } = await summarised((table) => (table === 'shop_t00' ? undefined : 'completed'))
    expect(output.failed_tables).toEqual(['shop_t00'])
  })

  test('returns at most 20 names, and keeps them all in the summary', async () => {
    const { world, output } = await summarised(() => 'refresh_error')
    expect(output.failed).toBe(25)
    expect(output.failed_tables).toEqual(TABLES.slice(0, 20))
    expect((await summaryOf(world)).tables).toHaveLength(25)
  })

  test('no manifest is our own fault, and says so', async () => {
    const world = await createWorld()
    const input = { execution_name: 'e1', bucket: CONTROL, key: 'runs/e1/manifest.json', batches: 1 }
    await expect(summariseRun(input, world)).rejects.toThrow(/TG9306/)
  })
})
