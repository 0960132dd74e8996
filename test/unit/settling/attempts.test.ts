/** Attempts without a commit: the files wait, the next cadence tries again, and the last attempt holds the table. */
import { describe, expect, test } from 'vitest'
import type { JobResult } from '../../../shared/contracts/runs.ts'
import {
  claim,
  createWorld,
  ENDED,
  item,
  KILLED,
  NOT_STARTED,
  outcomeOf,
  plannedTables,
  putFile,
  putOutcome,
  runJob,
  settle,
  tableConfig,
  type World,
} from '../claims/world.ts'

const TABLE = 'shop_orders'
const error = { code: 'TG2104', message: 'It is cut short.', transient: false, details: null }

/** One run: its job rejects every table, or says nothing. */
async function failedRun(world: World, execution: string, says: 'rejects' | 'nothing', job: JobResult = ENDED) {
  const claimed = await claim(world, execution)
  for (const planned of says === 'rejects' ? await plannedTables(world, claimed) : []) {
    const nothing = { result: 'rejected', snapshot: null, rows: null, files: [], evidence: null } as const
    const outcome = await outcomeOf(world, claimed, planned, { ...nothing, files: [], lookup: 'absent', error })
    await putOutcome(world, outcome, { ...planned, run_id: claimed.run_id })
  }
  return (await settle(world, execution, claimed, job)).tables[0]
}

async function committedRun(world: World, execution: string) {
  const claimed = await claim(world, execution)
  await runJob(world, new Map(), claimed)
  return (await settle(world, execution, claimed)).tables[0]
}

async function withAttempts(max_attempts = 5) {
  const world = await createWorld()
  await world.config.putTable(tableConfig(TABLE, { max_attempts }))
  await putFile(world, TABLE, '1.parquet', '1')
  return world
}

describe('attempts in a row without a commit', () => {
  test('five leave the files waiting and the table refresh_error four times, then held with the error', async () => {
    const world = await withAttempts()
    for (const n of [1, 2, 3, 4]) {
      expect(await failedRun(world, `e${n}`, n % 2 ? 'rejects' : 'nothing', KILLED)).toMatchObject({
        status: 'refresh_error',
      })
      expect(await item(world)).toMatchObject({ refresh_status: 'refresh_error', failed_attempts: n })
    }
    const last = await failedRun(world, 'e5', 'rejects')
    expect(last).toMatchObject({ status: 'held', reason: 'attempts_exhausted', error: { code: 'TG2104' } })
    const held = await item(world)
    expect(held).toMatchObject({ refresh_status: 'held', hold_reason: 'attempts_exhausted', failed_attempts: 5 })
    expect(held.error?.message).toMatch(/^It is cut short\. `5` attempts in a row .*`tidegate retry shop_orders`\.$/)
    expect(await world.tables.run(TABLE, 'e5-1-0')).toMatchObject({ refresh_status: 'held', result: 'rejected' })
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
    expect((await claim(world, 'e6')).claimed).toBe(0)
  })

  test('how many is the setting of the table, as of its claim', async () => {
    const world = await withAttempts(2)
    await failedRun(world, 'e1', 'rejects')
    expect((await failedRun(world, 'e2', 'rejects'))?.status).toBe('held')

    const patient = await withAttempts(2)
    await failedRun(patient, 'e1', 'rejects')
    await patient.config.putTable(tableConfig(TABLE, { max_attempts: 3 }))
    expect((await failedRun(patient, 'e2', 'rejects'))?.status).toBe('refresh_error')
  })

  test('a commit begins the count anew, and so does an operator', async () => {
    const world = await withAttempts(2)
    await failedRun(world, 'e1', 'rejects')
    expect((await committedRun(world, 'e2'))?.status).toBe('completed')
    await putFile(world, TABLE, '2.parquet', '2')
    expect((await failedRun(world, 'e3', 'rejects'))?.status).toBe('refresh_error')
    expect((await failedRun(world, 'e4', 'rejects'))?.status).toBe('held')
    const seen = await item(world)
    const retried = { refresh_status: 'refresh_error', hold_reason: null, failed_attempts: 0 } as const
    await world.tables.replace({ ...seen, ...retried, revision: seen.revision + 1 }, seen)
    expect((await failedRun(world, 'e5', 'rejects'))?.status).toBe('refresh_error')
    expect((await committedRun(world, 'e6'))?.status).toBe('completed')
  })

  test('a job that could not be started is no attempt: throttling holds no table', async () => {
    const world = await withAttempts(2)
    for (const n of [1, 2, 3]) {
      expect((await failedRun(world, `e${n}`, 'nothing', NOT_STARTED))?.status).toBe('refresh_error')
    }
    expect((await item(world)).failed_attempts).toBe(0)
  })

  test('settling again counts once', async () => {
    const world = await withAttempts()
    const claimed = await claim(world, 'e1')
    await settle(world, 'e1', claimed, KILLED)
    await world.objects.put(
      'control',
      'runs/e1/settled/1.json',
      '{"batch":1,"run_id":"x","engine_run_id":null,"tables":[]}',
    )
    await settle(world, 'e1', claimed, KILLED)
    expect((await item(world)).failed_attempts).toBe(1)
  })
})
