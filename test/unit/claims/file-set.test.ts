import { describe, expect, test } from 'vitest'
import { around, Died, unlessDied } from './disturbed.ts'
import {
  claim,
  createWorld,
  item,
  KILLED,
  type Lake,
  only,
  outcomeOf,
  putFile,
  putOutcome,
  runJob,
  STAGING,
  settle,
  type World,
} from './world.ts'

const TABLE = 'shop_orders'

describe('overwritten files', () => {
  test('a waiting change file whose key has a newer put is superseded, with a signal', async () => {
    const world = await createWorld()
    const old = await putFile(world, TABLE, '1.parquet', '1')
    const newer = await putFile(world, TABLE, '1.parquet', '2')
    const { entry } = await only(world, await claim(world, 'e1'))
    expect(entry.files.map((file) => file.file_id)).toEqual([newer.file_id])
    expect(await world.files.settled(TABLE, old.file_id)).toMatchObject({
      file_ingestion_status: 'raw_file_superseded',
      reason: 'overwritten',
    })
    expect(world.signals.total('FilesSuperseded')).toBe(1)
  })

  test('of two puts within one second, the one whose bytes are on S3 counts', async () => {
    for (const bodies of [
      ['a', 'b'],
      ['b', 'a'],
      ['c', 'd'],
      ['d', 'c'],
    ]) {
      const world = await createWorld()
      await putFile(world, TABLE, '1.parquet', bodies[0] ?? '')
      world.clock.advance(-1000)
      const newer = await putFile(world, TABLE, '1.parquet', bodies[1] ?? '')
      const { entry } = await only(world, await claim(world, 'e1'))
      expect(entry.files.map((file) => file.file_id)).toEqual([newer.file_id])
    }
  })

  test('of two puts within one second, neither of which is there, none is superseded on a guess', async () => {
    const world = await createWorld()
    const first = await putFile(world, TABLE, '1.parquet', 'a')
    world.clock.advance(-1000)
    const second = await putFile(world, TABLE, '1.parquet', 'b')
    expect(second.put_at_s).toBe(first.put_at_s)
    const head: World['objects']['head'] = async () => undefined
    const { entry } = await only(world, await claim({ ...world, objects: { ...world.objects, head } }, 'e1'))
    expect(entry.files.map((file) => file.file_id).sort()).toEqual([first.file_id, second.file_id].sort())
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(2)
    expect(world.signals.total('FilesSuperseded')).toBe(0)
  })

  test('a put of a later second is the newest, wherever its bytes are', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', 'a')
    world.clock.advance(-1000)
    await putFile(world, TABLE, '1.parquet', 'b')
    const third = await putFile(world, TABLE, '1.parquet', 'c')
    const head: World['objects']['head'] = async () => undefined
    const { entry } = await only(world, await claim({ ...world, objects: { ...world.objects, head } }, 'e1'))
    expect(entry.files.map((file) => file.file_id)).toEqual([third.file_id])
    expect(world.signals.total('FilesSuperseded')).toBe(2)
  })

  test('[frozen-set] a file of a frozen entry is not superseded before its batch is resolved', async () => {
    const world = await createWorld()
    const old = await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    const newer = await putFile(world, TABLE, '1.parquet', '2')
    await claim(world, 'e1')
    await settle(world, 'e1', first, KILLED)
    const second = await claim(world, 'e2')
    const reissued = await only(world, second)
    expect(reissued.entry.files.map((file) => file.file_id)).toEqual([old.file_id])
    expect(await world.files.settled(TABLE, old.file_id)).toBeUndefined()

    // The job looks (absent), finds other bytes, and rejects: now the set may change.
    const error = { code: 'TG2102', message: 'overwritten', transient: false, details: null }
    const bad = { file_id: old.file_id, stage: 'check', reason: 'overwritten', detail: '' }
    const outcome = await outcomeOf(world, second, reissued, { result: 'rejected', files: [], bad_files: [bad], error })
    await putOutcome(world, outcome, { ...reissued, run_id: second.run_id })
    await settle(world, 'e2', second)
    const third = await only(world, await claim(world, 'e3'))
    expect(third.entry.files.map((file) => file.file_id)).toEqual([newer.file_id])
    expect((await world.files.settled(TABLE, old.file_id))?.reason).toBe('overwritten')
  })

  test('[frozen-set] nor by its owner that comes back after it died', async () => {
    const world = await createWorld()
    const old = await putFile(world, TABLE, '1.parquet', '1')
    const mortal = around(world, (name, call) => (name === 'objects.put' ? Promise.reject(new Died(name)) : call()))
    await unlessDied(claim(mortal, 'e1'))
    await putFile(world, TABLE, '1.parquet', '2')
    const { entry } = await only(world, await claim(world, 'e1'))
    expect(entry.files.map((file) => file.file_id)).toEqual([old.file_id])
    expect(await world.files.settled(TABLE, old.file_id)).toBeUndefined()
  })

  test('a newer put far behind the caps is found once the job has met the overwritten bytes', async () => {
    const world = await createWorld([TABLE], { max_files_per_claim: 1 })
    const old = await putFile(world, TABLE, '1.parquet', '1')
    const second = await putFile(world, TABLE, '2.parquet', '2')
    await putFile(world, TABLE, '3.parquet', '3')
    await putFile(world, TABLE, '1.parquet', '4')
    const claimed = await claim(world, 'e1')
    const planned = await only(world, claimed)
    expect(planned.entry.files[0]?.file_id).toBe(old.file_id)
    const error = { code: 'TG2102', message: 'overwritten', transient: false, details: null }
    const outcome = await outcomeOf(world, claimed, planned, { result: 'rejected', files: [], error })
    await putOutcome(world, outcome, { ...planned, run_id: claimed.run_id })
    await settle(world, 'e1', claimed)
    expect((await only(world, await claim(world, 'e2'))).entry.files[0]?.file_id).toBe(second.file_id)
  })
})

test('defect 12: a change file of the same second as the full load is applied', async () => {
  const world = await createWorld()
  const lake: Lake = new Map()
  const load = await putFile(world, TABLE, 'LOAD00000001.parquet', 'rows')
  world.clock.advance(-1000)
  const change = await putFile(world, TABLE, '20230818-023428241.parquet', '7')
  expect(change.put_at_s).toBe(load.put_at_s)
  const claimed = await claim(world, 'e1')
  await runJob(world, lake, claimed)
  await settle(world, 'e1', claimed)
  expect(lake.get(TABLE)?.[0]?.files.sort()).toEqual([load.file_id, change.file_id].sort())
  for (const { file_id } of [load, change])
    expect((await world.files.settled(TABLE, file_id))?.file_ingestion_status).toBe('raw_file_processed')
})

test('an old put that was landed after its newer one was settled is superseded, and does not stop its table', async () => {
  const world = await createWorld()
  const lake: Lake = new Map()
  const newer = await putFile(world, TABLE, '1.parquet', '2')
  const first = await claim(world, 'e1')
  await runJob(world, lake, first)
  await settle(world, 'e1', first)
  const old = { ...newer, file_id: '000000000007-old', put_at_s: 7, etag: 'other' }
  await world.files.land(old)
  await putFile(world, TABLE, '2.parquet', '3')

  const second = await claim(world, 'e2')
  const planned = await only(world, second)
  expect(planned.entry.files.map((file) => file.file_id)).toContain(old.file_id)
  const error = { code: 'TG2102', message: 'overwritten', transient: false, details: null }
  const bad = { file_id: old.file_id, stage: 'check', reason: 'overwritten', detail: '' }
  const outcome = await outcomeOf(world, second, planned, { result: 'rejected', files: [], bad_files: [bad], error })
  await putOutcome(world, outcome, { ...planned, run_id: second.run_id })
  await settle(world, 'e2', second)
  expect(await world.files.settled(TABLE, old.file_id)).toMatchObject({
    file_ingestion_status: 'raw_file_superseded',
    reason: 'overwritten',
  })
  const third = await claim(world, 'e3')
  await runJob(world, lake, third)
  expect((await settle(world, 'e3', third)).tables[0]).toMatchObject({ status: 'completed', files: 1 })
})

test('one whose newer put nobody has landed yet goes on waiting for its event', async () => {
  const world = await createWorld()
  const old = await putFile(world, TABLE, '1.parquet', '1')
  await world.objects.put(STAGING, old.file_ingestion_path, 'newer bytes')
  const claimed = await claim(world, 'e1')
  const planned = await only(world, claimed)
  const error = { code: 'TG2102', message: 'overwritten', transient: false, details: null }
  const bad = { file_id: old.file_id, stage: 'check', reason: 'overwritten', detail: '' }
  const outcome = await outcomeOf(world, claimed, planned, { result: 'rejected', files: [], bad_files: [bad], error })
  await putOutcome(world, outcome, { ...planned, run_id: claimed.run_id })
  await settle(world, 'e1', claimed)
  expect((await world.files.waiting(TABLE, 9)).map((file) => file.file_id)).toEqual([old.file_id])
})

describe('[generations] a load', () => {
  test('other files of the same load add to the generation, over several runs', async () => {
    const world = await createWorld()
    const lake: Lake = new Map()
    for (const n of [1, 2]) {
      await putFile(world, TABLE, `LOAD0000000${n}.parquet`, 'a')
      const claimed = await claim(world, `e${n}`)
      expect((await only(world, claimed)).entry.generation).toEqual({ id: 1, replaces: false })
      await runJob(world, lake, claimed)
      await settle(world, `e${n}`, claimed)
    }
    expect((await item(world)).refresh_status).toBe('completed')
  })
})

describe('files of another schema and table', () => {
  test('under the same ledger key hold the table', async () => {
    const world = await createWorld(['a_b_c'])
    await putFile(world, 'a_b_c', '1.parquet', '1', { schema_name: 'a_b', table_name: 'c' })
    expect((await claim(world, 'e1', ['a_b_c'])).claimed).toBe(0)
    const held = await item(world, 'a_b_c')
    expect(held.hold_reason).toBe('name_collision')
    expect(held.error?.message).toMatch(/schema `a_b` and table `c`.*configured for `a` and `b_c`/)
  })

  test('upper case is no other name', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1', { schema_name: 'SHOP', table_name: 'Orders' })
    expect((await claim(world, 'e1')).claimed).toBe(1)
  })
})
