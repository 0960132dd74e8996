import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchIdOf } from '../../../shared/claims/batch-id.ts'
import { letGo } from '../../../shared/claims/let-go.ts'
import { around } from './disturbed.ts'
import {
  CADENCE,
  CONTROL,
  cadenceConfig,
  claim,
  createWorld,
  item,
  KILLED,
  NOT_STARTED,
  only,
  ownerOf,
  plannedTables,
  putFile,
  reportOf,
  runJob,
  STAGING,
  settle,
  tableConfig,
} from './world.ts'

const TABLE = 'shop_orders'

describe('a new claim', () => {
  test('freezes the waiting files, oldest first, and stores token, owner and entry before any job', async () => {
    const world = await createWorld()
    const load = await putFile(world, TABLE, 'LOAD00000001.parquet', 'rows')
    const change = await putFile(world, TABLE, '1.parquet', '1')

    const claimed = await claim(world, 'e1')

    expect(claimed).toEqual({
      plan_uri: 's3://control/runs/e1-1-0/plan.json',
      run_id: 'e1-1-0',
      claimed: 1,
      job: { name: 'tidegate', worker_type: 'G.1X', max_workers: 10 },
    })
    const { entry, ...planned } = await only(world, claimed)
    expect(planned).toEqual({ table: TABLE, token: 1, attempt: 1, resolve_only: false })
    expect(entry.files.map((file) => [file.file_id, file.kind])).toEqual([
      [load.file_id, 'full'],
      [change.file_id, 'incremental'],
    ])
    expect(entry.batch_id).toBe(batchIdOf(TABLE, 1, [load.file_id, change.file_id]))
    expect(entry.generation).toEqual({ id: 1, replaces: false })
    expect(entry.applied).toEqual({
      max_sequence: null,
      snapshot: null,
      tombstones: 's3://control/tombstones/shop_orders/1/',
      tombstones_cover_from: null,
    })
    expect(await item(world)).toMatchObject({
      refresh_status: 'updating_table',
      claim_token: 1,
      claim_owner: ownerOf('e1'),
      batch_id: entry.batch_id,
      attempts: 1,
    })
  })

  test('takes the oldest files up to the cap of files, and of bytes but at least one', async () => {
    const world = await createWorld([TABLE], { max_files_per_claim: 2, max_bytes_per_claim: 5 })
    for (const n of [1, 2, 3]) await putFile(world, TABLE, `${n}.parquet`, 'x')
    expect((await only(world, await claim(world, 'e1'))).entry.files).toHaveLength(2)

    const fat = await createWorld([TABLE], { max_bytes_per_claim: 5 })
    for (const n of [1, 2]) await putFile(fat, TABLE, `${n}.parquet`, '123456789')
    expect((await only(fat, await claim(fat, 'e1'))).entry.files).toHaveLength(1)
  })

  test('files of any format go into one batch, with what the configuration says of text', async () => {
    const text_files = { columns: [{ name: 'id', type: 'bigint' }], csv: { header: true } }
    const world = await createWorld()
    await world.config.putTable(tableConfig(TABLE, { text_files }))
    for (const name of ['1.parquet', '2.csv', '3.json']) await putFile(world, TABLE, name, 'x')
    const { entry } = await only(world, await claim(world, 'e1'))
    expect(entry.files.map((file) => file.format)).toEqual(['parquet', 'csv', 'json'])
    expect(entry.text_files).toEqual(text_files)
  })

  test('defect 9: an inactive or unconfigured table is skipped, and says so', async () => {
    const world = await createWorld()
    await world.config.putTable(tableConfig(TABLE, { is_active: 'N' }))
    await putFile(world, TABLE, '1.parquet', '1')
    expect((await claim(world, 'e1', [TABLE, 'shop_new'])).claimed).toBe(0)
    expect((await reportOf(world, 'e1-1-0')).skipped).toEqual([
      { table: TABLE, reason: 'inactive' },
      { table: 'shop_new', reason: 'not_configured' },
    ])
  })

  test('a repeated claim answers with its plan, though the cadence was removed in between', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    await world.config.deleteCadence(CADENCE)
    expect(await claim(world, 'e1')).toEqual(first)
    await expect(claim(world, 'e2')).rejects.toThrow(/TG1301/)
  })

  test('a plan of the version before, whose report names no job, is answered with the cadence', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    const { job: _, ...older } = await reportOf(world, 'e1-1-0')
    await world.objects.put(CONTROL, 'runs/e1-1-0/claims.json', JSON.stringify(older))
    expect(await claim(world, 'e1')).toEqual(first)
    await world.config.deleteCadence(CADENCE)
    await expect(claim(world, 'e1')).rejects.toThrow(/TG1301/)
  })

  test('defect 10: an unknown cadence is a clear failure', async () => {
    const world = await createWorld()
    await world.config.deleteCadence(CADENCE)
    await expect(claim(world, 'e1')).rejects.toThrow(/TG1301/)
  })

  test("defect 4: one table's exception fails that table alone", async () => {
    const world = await createWorld(['shop_a', 'shop_b'])
    await putFile(world, 'shop_a', '1.parquet', '1')
    await putFile(world, 'shop_b', '1.parquet', '1')
    const broken = around(world, async (_, call) => call())
    broken.files = {
      ...broken.files,
      waiting: (table, limit) => {
        if (table === 'shop_a') throw new Error('the partition is on fire')
        return world.files.waiting(table, limit)
      },
    }
    const claimed = await claim(broken, 'e1', ['shop_a', 'shop_b'])
    expect((await only(world, claimed)).table).toBe('shop_b')
    expect((await reportOf(world, 'e1-1-0')).failed).toMatchObject([{ table: 'shop_a', error: { code: 'TG9303' } }])
  })
})

describe('a batch id', () => {
  test('is told apart by table, generation and every file id, however they are cut', () => {
    const lists = fc.tuple(fc.string(), fc.nat(3), fc.array(fc.string(), { maxLength: 3 }))
    fc.assert(
      fc.property(lists, lists, ([tableA, genA, idsA], [tableB, genB, idsB]) => {
        const same = JSON.stringify([tableA, genA, idsA]) === JSON.stringify([tableB, genB, idsB])
        expect(batchIdOf(tableA, genA, idsA) === batchIdOf(tableB, genB, idsB)).toBe(same)
      }),
    )
    expect(batchIdOf('t', 1, ['a', 'b'])).not.toBe(batchIdOf('t', 1, ['b', 'a']))
    expect(batchIdOf('t', 1, ['a,b'])).not.toBe(batchIdOf('t', 1, ['a', 'b']))
  })
})

describe('re-entrance and rivals', () => {
  test('the owner gets its claim again: same token, same entry, same plan', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    const plan = await plannedTables(world, first)
    await putFile(world, TABLE, '2.parquet', '2')
    expect(await claim(world, 'e1')).toEqual(first)
    expect(await plannedTables(world, first)).toEqual(plan)
  })

  test('called again after all is settled, it answers from its plan and claims nothing new', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    await runJob(world, new Map(), first)
    await settle(world, 'e1', first)
    await putFile(world, TABLE, '2.parquet', '2')
    const settled = await item(world)
    expect(await claim(world, 'e1')).toEqual(first)
    expect(await item(world)).toEqual(settled)
  })

  test('a late twin of a settled run lets go what it claims beyond the plan', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    let first: Awaited<ReturnType<typeof claim>> | undefined
    // The twin has seen that there is no plan yet, and sleeps until the run is over and another file waits.
    const twin = around(world, async (name, call) => {
      if (name === 'tables.get' && !first) {
        first = await claim(world, 'e1')
        await runJob(world, new Map(), first)
        await settle(world, 'e1', first)
        await putFile(world, TABLE, '2.parquet', '2')
      }
      return call()
    })
    expect(await claim(twin, 'e1')).toEqual(first)
    expect(await item(world)).toMatchObject({ refresh_status: 'refresh_error', claim_token: 2, entry_uri: null })
    expect((await claim(world, 'e2')).claimed).toBe(1)
  })

  test('only the very claim is let go, never a later one of the same run', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const claimed = await claim(world, 'e1')
    const error = { code: 'TG3106', message: 'beyond the plan', transient: true, details: null }
    const before = await item(world)
    await letGo(TABLE, claimed.run_id, error, world, 7)
    await letGo(TABLE, 'e9-1-0', error, world, 1)
    expect(await item(world)).toEqual(before)
    await letGo(TABLE, claimed.run_id, error, world, 1)
    expect((await item(world)).refresh_status).toBe('refresh_error')
  })

  test('a redriven child that had come to no job has another run id, and keeps its token', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    await claim(world, 'e1')
    world.executions.startedNoJob(ownerOf('e1'))
    const redriven = await claim(world, 'e1', [TABLE], 1)
    expect(redriven.run_id).toBe('e1-1-1')
    expect(await only(world, redriven)).toMatchObject({ token: 1, attempt: 1 })
    expect((await item(world)).glue_job_run_id).toBe('e1-1-1')
  })

  test('a table that a living run works on is skipped', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    await claim(world, 'e1')
    world.executions.set(ownerOf('e1'), 'running')
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect((await reportOf(world, 'e2-1-0')).skipped).toEqual([{ table: TABLE, reason: 'claimed_by_a_living_run' }])
    expect((await item(world)).claim_owner).toBe(ownerOf('e1'))
  })

  test.each([
    ['ended', 'TG3101', /ended without settling it, and whether a job of it works is not known/],
    ['unknown', 'TG3102', /nobody can say whether it still runs/],
  ] as const)(
    '[evidence] defect 3: an owner that is %s, of whose job nothing is found, holds the table, loudly, and nothing is taken over',
    async (state, code, says) => {
      const world = await createWorld()
      await putFile(world, TABLE, '1.parquet', '1')
      await claim(world, 'e1')
      const before = await item(world)
      if (state === 'ended') world.executions.set(ownerOf('e1'), 'ended')

      expect((await claim(world, 'e2')).claimed).toBe(0)

      const held = await item(world)
      expect(held).toMatchObject({ refresh_status: 'held', hold_reason: 'owner_ended_unsettled' })
      expect(held).toMatchObject({ entry_uri: before.entry_uri, claim_token: before.claim_token, attempts: 1 })
      expect(held.error?.code).toBe(code)
      expect(held.error?.message).toMatch(says)
      // Called again, it says the same.
      const [first] = (await reportOf(world, 'e2-1-0')).held
      expect(first).toMatchObject({ table: TABLE, reason: 'owner_ended_unsettled', error: { code } })
      expect((await claim(world, 'e3')).claimed).toBe(0)
      expect((await reportOf(world, 'e3-1-0')).held).toEqual([first])
    },
  )

  test('defect 2: of claimers that come at once, exactly one wins, in every order of their calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 3 }), async (scheduler, claimers) => {
        const world = await createWorld()
        await putFile(world, TABLE, '1.parquet', '1')
        const executions = Array.from({ length: claimers }, (_, n) => `e${n}`)
        for (const execution of executions) world.executions.set(ownerOf(execution), 'running')
        const slow = around(world, (name, call) => scheduler.schedule(Promise.resolve(), name).then(call))
        const claims = await scheduler.waitFor(Promise.all(executions.map((execution) => claim(slow, execution))))
        expect(claims.map((one) => one.claimed).sort()).toEqual([...Array(claimers - 1).fill(0), 1])
        expect((await item(world)).claim_token).toBe(1)
      }),
      { numRuns: 60 },
    )
  })

  test('two invocations of one owner end with one plan, and nothing is claimed beyond it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = await createWorld(['shop_a', 'shop_b'])
        for (const table of ['shop_a', 'shop_b']) await putFile(world, table, '1.parquet', '1')
        const slow = around(world, (name, call) => scheduler.schedule(Promise.resolve(), name).then(call))
        const both = [claim(slow, 'e1', ['shop_a']), claim(slow, 'e1', ['shop_a', 'shop_b'])]
        const [first, second] = await scheduler.waitFor(Promise.all(both))
        expect(first).toEqual(second)
        const planned = new Map(
          (await plannedTables(world, first as typeof first & object)).map((t) => [t.table, t.token]),
        )
        for (const found of await world.tables.all()) {
          const claimedNow = found.refresh_status === 'updating_table' ? found.claim_token : undefined
          expect(claimedNow).toBe(planned.get(found.raw_table_name))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('[frozen-set] an unresolved batch', () => {
  test('is issued again as the very same entry under a new token, whatever landed or was configured since', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    const before = await only(world, first)
    await settle(world, 'e1', first, KILLED)
    await putFile(world, TABLE, '2.parquet', '2')
    await world.config.putCadence(cadenceConfig({ max_files_per_claim: 1 }))
    const { merge } = tableConfig(TABLE)
    await world.config.putTable(tableConfig(TABLE, { merge: { ...merge, keys: ['other'] } }))

    const again = await only(world, await claim(world, 'e2'))

    expect(again).toEqual({ ...before, token: 2, attempt: 2 })
  })

  test('once it is surely resolved, the same files are claimed with the corrected configuration', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    const before = await only(world, first)
    await settle(world, 'e1', first, NOT_STARTED)
    const { merge } = tableConfig(TABLE)
    await world.config.putTable(tableConfig(TABLE, { merge: { ...merge, keys: ['other'] } }))

    const again = await only(world, await claim(world, 'e2'))

    expect(again).toMatchObject({ token: 2, attempt: 1, entry: { batch_id: before.entry.batch_id } })
    expect(again.entry.merge.keys).toEqual(['other'])

    // And this is what is frozen now, not the first entry of that batch id.
    await settle(world, 'e2', { ...first, plan_uri: 's3://control/runs/e2-1-0/plan.json', run_id: 'e2-1-0' }, KILLED)
    expect((await only(world, await claim(world, 'e3'))).entry).toEqual(again.entry)
  })

  test('a gone entry fails the table by name, and claims nothing', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    await settle(world, 'e1', await claim(world, 'e1'), KILLED)
    const kept = await item(world)
    await world.objects.put(CONTROL, (kept.entry_uri ?? '').slice(`s3://${CONTROL}/`.length), 'not json')
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect((await reportOf(world, 'e2-1-0')).failed).toMatchObject([{ error: { code: 'TG9302' } }])
    expect(await item(world)).toEqual(kept)
  })
})

test('defect 6: a redelivered event is the same file, before and after it is settled', async () => {
  const world = await createWorld()
  const file = await putFile(world, TABLE, '1.parquet', '1')
  expect(await world.files.land(file)).toBe('already_waiting')
  const claimed = await claim(world, 'e1')
  await runJob(world, new Map(), claimed)
  await settle(world, 'e1', claimed)
  expect(await world.files.land(file)).toBe('already_settled')
  expect((await claim(world, 'e2')).claimed).toBe(0)
  expect((await reportOf(world, 'e2-1-0')).skipped).toEqual([{ table: TABLE, reason: 'nothing_waits' }])
  expect(await world.objects.head(STAGING, file.file_ingestion_path)).toBeDefined()
})
