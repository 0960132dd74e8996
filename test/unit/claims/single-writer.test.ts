/** [evidence] A Hudi table takes whatever a second writer commits: nobody claims it while a job of another run may work. */
import { describe, expect, test } from 'vitest'
import { withUnprovedRun } from '../../../shared/claims/table-state.ts'
import type { JobResult } from '../../../shared/contracts/runs.ts'
import {
  claim,
  createWorld,
  item,
  MAYBE,
  only,
  ownerOf,
  putFile,
  reportOf,
  runJob,
  settle,
  tableConfig,
  type World,
} from './world.ts'

const TABLE = 'shop_orders'
const DAY_MS = 86_400_000

async function worldOf(format: 'hudi' | 'iceberg') {
  const world = await createWorld()
  const { target } = tableConfig(TABLE)
  await world.config.putTable(tableConfig(TABLE, { target: { ...target, format } }))
  await putFile(world, TABLE, '1.parquet', '1')
  return world
}

/** A run whose execution ended, and of which nobody knows whether it came to a job; an operator took its claim by force. */
async function forced(format: 'hudi' | 'iceberg') {
  const world = await worldOf(format)
  const first = await claim(world, 'e1')
  world.executions.set(ownerOf('e1'), 'ended')
  const seen = await item(world)
  const free = { refresh_status: 'refresh_error' as const, claim_owner: null, unproved_runs: [first.run_id] }
  await world.tables.replace({ ...seen, ...free, revision: seen.revision + 1 }, seen)
  return { world, first }
}

/** A batch that is committed while another job of the same run still works: `StartJobRun` was answered too late, and repeated. */
async function committedBesideTwin(format: 'hudi' | 'iceberg', known?: JobResult) {
  const world = await worldOf(format)
  const first = await claim(world, 'e1')
  await runJob(world, new Map(), first)
  world.jobRuns.set(first.run_id, 'SUCCEEDED', 'jr_1')
  world.jobRuns.set(first.run_id, 'RUNNING', 'jr_2')
  await settle(world, 'e1', first, known)
  world.executions.set(ownerOf('e1'), 'ended')
  await putFile(world, TABLE, '2.parquet', '2')
  return { world, first }
}

const skipped = async (world: World, execution: string) => (await reportOf(world, `${execution}-1-0`)).skipped

describe('[evidence] a Hudi table', () => {
  test('is held, not claimed, while nobody knows whether a job of an earlier run comes; Iceberg is claimed', async () => {
    const { world, first } = await forced('hudi')
    world.clock.advance(DAY_MS)
    expect((await claim(world, 'e2')).claimed).toBe(0)
    const held = await item(world)
    expect(held).toMatchObject({ refresh_status: 'held', hold_reason: 'owner_ended_unsettled', attempts: 1 })
    expect(held.error).toMatchObject({ code: 'TG3117', message: expect.stringContaining(first.run_id) })
    expect(held.entry_uri).not.toBeNull()

    expect((await claim((await forced('iceberg')).world, 'e2')).claimed).toBe(1)
  })

  test('waits while that job is at work, and goes on by itself when it is over', async () => {
    const { world, first } = await forced('hudi')
    world.jobRuns.set(first.run_id, 'RUNNING')
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect(await skipped(world, 'e2')).toEqual([{ table: TABLE, reason: 'its_job_is_at_work' }])
    expect((await item(world)).refresh_status).toBe('refresh_error')

    world.jobRuns.set(first.run_id, 'FAILED')
    expect(await only(world, await claim(world, 'e3'))).toMatchObject({ token: 2, attempt: 2 })
    expect((await item(world)).unproved_runs).toEqual([])
  })

  test('is free once no job of that run can come any more, and not a day earlier', async () => {
    const { world } = await forced('hudi')
    await claim(world, 'e2')
    const unlock = async () => {
      const seen = await item(world)
      const free = { refresh_status: 'refresh_error' as const, hold_reason: null, revision: seen.revision + 1 }
      await world.tables.replace({ ...seen, ...free }, seen)
    }
    await unlock()
    world.clock.advance(10 * DAY_MS)
    expect((await claim(world, 'e3')).claimed).toBe(0)
    await unlock()
    world.clock.advance(1.1 * DAY_MS)
    expect((await claim(world, 'e4')).claimed).toBe(1)
  })

  test('gets no new batch while a second job of its committed one works; then it does, with nothing left to prove', async () => {
    const { world, first } = await committedBesideTwin('hudi')
    expect(await item(world)).toMatchObject({ refresh_status: 'completed', unproved_runs: [first.run_id] })
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect(await skipped(world, 'e2')).toEqual([{ table: TABLE, reason: 'its_job_is_at_work' }])

    world.jobRuns.set(first.run_id, 'FAILED', 'jr_2')
    const next = await claim(world, 'e3')
    expect(next.claimed).toBe(1)
    await runJob(world, new Map(), next)
    await settle(world, 'e3', next)
    expect(await item(world)).toMatchObject({ refresh_status: 'completed', unproved_runs: [] })
  })

  test('nor where the state machine could not read what became of its job: the engine is asked', async () => {
    const { world, first } = await committedBesideTwin('hudi', MAYBE)
    expect(await item(world)).toMatchObject({ refresh_status: 'completed', unproved_runs: [first.run_id] })
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect(await skipped(world, 'e2')).toEqual([{ table: TABLE, reason: 'its_job_is_at_work' }])
  })

  test('Iceberg does not ask: it refuses that job’s commit itself', async () => {
    const { world } = await committedBesideTwin('iceberg')
    expect((await item(world)).unproved_runs).toEqual([])
    expect((await claim(world, 'e2')).claimed).toBe(1)
  })

  test('takes a claim over as any other when its job is over, and holds when that is not known', async () => {
    for (const [state, claimed] of [
      ['FAILED', 1],
      [undefined, 0],
    ] as const) {
      const world = await worldOf('hudi')
      const first = await claim(world, 'e1')
      world.executions.set(ownerOf('e1'), 'ended')
      if (state) world.jobRuns.set(first.run_id, state)
      world.clock.advance(365 * DAY_MS)
      expect((await claim(world, 'e2')).claimed).toBe(claimed)
    }
  })

  test('waits for every one of such runs', async () => {
    const { world, first } = await forced('hudi')
    const seen = await item(world)
    await world.tables.replace({ ...seen, ...withUnprovedRun(seen, 'e0-1-0'), revision: seen.revision + 1 }, seen)
    world.jobRuns.set(first.run_id, 'FAILED')
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect((await item(world)).error?.message).toContain('e0-1-0')
  })
})
