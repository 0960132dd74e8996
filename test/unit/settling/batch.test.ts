import { describe, expect, test } from 'vitest'
import { around } from '../claims/disturbed.ts'
import {
  CONTROL,
  claim,
  createWorld,
  item,
  NOT_STARTED,
  outcomeOf,
  plannedTables,
  putFile,
  putOutcome,
  runJob,
  settle,
} from '../claims/world.ts'

const TABLE = 'shop_orders'
const error = { code: 'TG2104', message: 'cut short', transient: false, details: null }
const rejected = { result: 'rejected', snapshot: null, rows: null, evidence: null, error } as const

describe('tables of one batch', () => {
  const TABLES = ['shop_a', 'shop_b', 'shop_c']
  async function batchOfThree() {
    const world = await createWorld(TABLES)
    for (const table of TABLES) await putFile(world, table, '1.parquet', '1')
    return { world, batch: await claim(world, 'e1', TABLES) }
  }

  test('defects 4 and 5: one failing table stops no other, and is reported', async () => {
    const { world, batch } = await batchOfThree()
    const planned = await plannedTables(world, batch)
    await runJob(world, new Map(), batch)
    for (const table of planned.filter((one) => one.table === 'shop_b')) {
      const outcome = await outcomeOf(world, batch, table, { ...rejected, files: [], lookup: 'absent' })
      await putOutcome(world, outcome, { run_id: batch.run_id, table: table.table, token: table.token })
    }
    const report = await settle(world, 'e1', batch)
    expect(report.tables.map((one) => [one.table, one.status])).toEqual([
      ['shop_a', 'completed'],
      ['shop_b', 'refresh_error'],
      ['shop_c', 'completed'],
    ])
    expect(report.tables[1]?.error?.code).toBe('TG2104')
  })

  test('a trouble that may pass settles the others, puts no report, and asks to be called again', async () => {
    const { world, batch } = await batchOfThree()
    await runJob(world, new Map(), batch)
    const flaky = around(world, async (_, call) => call())
    flaky.files = {
      ...flaky.files,
      move: (proof, moves) =>
        proof.table === 'shop_b' ? Promise.reject(new Error('throttled')) : world.files.move(proof, moves),
    }
    await expect(settle(flaky, 'e1', batch)).rejects.toMatchObject({ code: 'TG3201', certainty: 'transient' })
    expect(await world.objects.get(CONTROL, 'runs/e1/settled/1.json')).toBeUndefined()
    expect((await item(world, 'shop_a')).refresh_status).toBe('completed')
    expect((await item(world, 'shop_b')).refresh_status).toBe('updating_table')

    const report = await settle(world, 'e1', batch)
    expect(report.tables.map((one) => one.status)).toEqual(['completed', 'completed', 'completed'])
    expect(await world.tables.runs('shop_a', 9)).toHaveLength(1)
  })

  test('what was skipped, held or failed at the claim is in the report too', async () => {
    const world = await createWorld(['shop_a', 'shop_b'])
    await putFile(world, 'shop_b', 'LOAD1.parquet', 'a', { schema_name: 'store' })
    const batch = await claim(world, 'e1', ['shop_a', 'shop_b'])
    expect(batch.claimed).toBe(0)
    expect((await settle(world, 'e1', batch, { ...NOT_STARTED, error: null })).tables).toMatchObject([
      { table: 'shop_a', status: 'skipped', reason: 'nothing_waits', error: null },
      { table: 'shop_b', status: 'held', reason: 'name_collision', error: { code: 'TG3104' } },
    ])
  })

  test('a claim that was written but whose answer got lost is let go, since no plan has it', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const deaf = around(world, async (name, call) => {
      const answer = await call()
      if (name === 'tables.replace') throw new Error('the answer got lost')
      return answer
    })
    const batch = await claim(deaf, 'e1')
    expect(batch.claimed).toBe(0)
    expect((await item(world)).refresh_status).toBe('updating_table')
    const [table] = (await settle(world, 'e1', batch, NOT_STARTED)).tables
    expect(table).toMatchObject({ status: 'refresh_error', reason: 'exception' })
    expect(await item(world)).toMatchObject({ refresh_status: 'refresh_error', entry_uri: null, claim_owner: null })
    expect((await claim(world, 'e2')).claimed).toBe(1)
  })
})

test('a run without a plan is our own fault, and says so', async () => {
  const world = await createWorld()
  const nowhere = { plan_uri: 's3://control/runs/e1-1-0/plan.json', run_id: 'e1-1-0', claimed: 0 }
  const job = { name: 'j', worker_type: 'G.1X', max_workers: 1 }
  await expect(settle(world, 'e1', { ...nowhere, job })).rejects.toThrow(
    /TG9305: `s3:\/\/control\/runs\/e1-1-0\/plan.json`/,
  )
})

test("defect 1: a table's item is found by its name alone, and a run of it by its run id", async () => {
  const world = await createWorld()
  await putFile(world, TABLE, '1.parquet', '1')
  const batch = await claim(world, 'e1')
  await runJob(world, new Map(), batch)
  await settle(world, 'e1', batch)
  expect((await world.tables.get(TABLE))?.refresh_status).toBe('completed')
  expect((await world.tables.run(TABLE, 'e1-1-0'))?.refresh_status).toBe('completed')
  expect(await world.tables.run(TABLE, 'e2-1-0')).toBeUndefined()
})
