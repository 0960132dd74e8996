/** [evidence] A claim passes to another run when its job surely is over, and for no other reason. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withUnprovedRun } from '../../../shared/claims/table-state.ts'
import { around } from './disturbed.ts'
import {
  claim,
  createWorld,
  item,
  KILLED,
  type Lake,
  only,
  outcomeOf,
  ownerOf,
  putFile,
  putOutcome,
  reportOf,
  runJob,
  STAGING,
  settle,
  tableConfig,
  type World,
  work,
} from './world.ts'

const TABLE = 'shop_orders'
const YEAR_MS = 365 * 86_400_000

/** A claim whose execution ended without settling it; what its job came to is up to the test. */
async function abandoned(files = 1) {
  const world = await createWorld()
  for (let n = 1; n <= files; n += 1) await putFile(world, TABLE, `${n}.parquet`, `${n}`)
  const first = await claim(world, 'e1')
  world.executions.set(ownerOf('e1'), 'ended')
  return { world, first, planned: await only(world, first) }
}

describe('[evidence] taking over', () => {
  test.each(['SUCCEEDED', 'FAILED'] as const)(
    'defect 3: from a run whose execution ended and whose job is %s: the same entry, a new token',
    async (state) => {
      const { world, first, planned } = await abandoned()
      world.jobRuns.set(first.run_id, state)
      await putFile(world, TABLE, '9.parquet', '9')
      const second = await claim(world, 'e2')
      expect(await only(world, second)).toEqual({ ...planned, token: 2, attempt: 2 })
      expect(await item(world)).toMatchObject({ claim_owner: ownerOf('e2'), failed_attempts: 1, attempts: 2 })
      expect(await world.tables.run(TABLE, 'e1-1-0')).toMatchObject({
        refresh_status: 'refresh_error',
        result: 'unknown',
        claim_token: 1,
        files: 1,
        error_code: 'TG3114',
      })
    },
  )

  test('from a run that never came to start its job, which is nobody’s failure', async () => {
    const { world } = await abandoned()
    world.executions.startedNoJob(ownerOf('e1'))
    expect(await only(world, await claim(world, 'e2'))).toMatchObject({ token: 2, attempt: 2 })
    expect((await item(world)).failed_attempts).toBe(0)
  })

  test('not while its job is at work, however long ago it was claimed', async () => {
    const { world, first } = await abandoned()
    world.jobRuns.set(first.run_id, 'SUCCEEDED', 'jr_a')
    world.jobRuns.set(first.run_id, 'RUNNING', 'jr_b')
    const before = await item(world)
    world.clock.advance(YEAR_MS)
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect((await reportOf(world, 'e2-1-0')).skipped).toEqual([{ table: TABLE, reason: 'its_job_is_at_work' }])
    expect(await item(world)).toEqual(before)
  })

  test('not by time: nothing found of its job holds the table, however long ago', async () => {
    const { world } = await abandoned()
    world.clock.advance(YEAR_MS)
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect(await item(world)).toMatchObject({ refresh_status: 'held', hold_reason: 'owner_ended_unsettled' })
  })

  test('not while its execution runs, though a job of it is over: the execution settles it', async () => {
    const { world, first } = await abandoned()
    world.jobRuns.set(first.run_id, 'SUCCEEDED')
    world.executions.set(ownerOf('e1'), 'running')
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect((await item(world)).claim_token).toBe(1)
  })

  test('not for a table that was switched off meanwhile', async () => {
    const { world, first } = await abandoned()
    world.jobRuns.set(first.run_id, 'SUCCEEDED')
    await world.config.putTable(tableConfig(TABLE, { is_active: 'N' }))
    expect((await claim(world, 'e2')).claimed).toBe(0)
    expect((await reportOf(world, 'e2-1-0')).skipped).toEqual([{ table: TABLE, reason: 'inactive' }])
    expect((await item(world)).claim_token).toBe(1)
  })

  test('an engine that can’t be asked fails the table’s claim, and changes nothing', async () => {
    const { world } = await abandoned()
    const before = await item(world)
    const deaf = around(world, (name, call) =>
      name === 'jobRuns.of' ? Promise.reject(new Error('Rate exceeded')) : call(),
    )
    expect((await claim(deaf, 'e2')).claimed).toBe(0)
    expect((await reportOf(world, 'e2-1-0')).failed).toMatchObject([{ table: TABLE }])
    expect(await item(world)).toEqual(before)
  })

  test('many tables of one dead batch ask the engine once', async () => {
    const tables = ['shop_a', 'shop_b', 'shop_c']
    const world = await createWorld(tables)
    for (const table of tables) {
      await putFile(world, table, '1.parquet', '1')
      world.clock.advance(10)
    }
    const first = await claim(world, 'e1', tables)
    world.executions.set(ownerOf('e1'), 'ended')
    world.jobRuns.set(first.run_id, 'FAILED')
    const asked: string[] = []
    const watched = around(world, (name, call) => {
      if (/^(executions|jobRuns)/.test(name)) asked.push(name)
      return call()
    })
    expect((await claim(watched, 'e2', tables)).claimed).toBe(3)
    expect(asked.sort()).toEqual(['executions.state', 'jobRuns.of'])
  })

  test('of two that come at once one wins, in every order of their calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { world, first } = await abandoned()
        world.jobRuns.set(first.run_id, 'FAILED')
        for (const execution of ['e2', 'e3']) world.executions.set(ownerOf(execution), 'running')
        const slow = around(world, (name, call) => scheduler.schedule(Promise.resolve(), name).then(call))
        const claims = await scheduler.waitFor(Promise.all([claim(slow, 'e2'), claim(slow, 'e3')]))
        expect(claims.map((one) => one.claimed).sort()).toEqual([0, 1])
        expect((await item(world)).claim_token).toBe(2)
        expect(await world.tables.runs(TABLE, 9)).toHaveLength(1)
      }),
      { numRuns: 40 },
    )
  })

  test('[commit-authority] what the dead run committed is settled from the table; its own settling comes too late', async () => {
    const { world, first, planned } = await abandoned()
    const lake: Lake = new Map()
    const outcome = await work(world, lake, first, planned)
    await putOutcome(world, outcome, { ...planned, run_id: first.run_id })
    world.jobRuns.set(first.run_id, 'SUCCEEDED')
    const second = await claim(world, 'e2')

    expect((await settle(world, 'e1', first)).tables[0]).toMatchObject({ status: 'refresh_error', reason: 'unknown' })
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)

    await runJob(world, lake, second)
    expect((await settle(world, 'e2', second)).tables[0]).toMatchObject({
      status: 'completed',
      reason: 'already_committed',
    })
    expect(lake.get(TABLE)).toHaveLength(1)
    expect(await item(world)).toMatchObject({ refresh_status: 'completed', failed_attempts: 0, attempts: 0 })
  })

  test('a job that dies with its execution again and again holds the table at last', async () => {
    const { world } = await abandoned()
    for (const n of [1, 2, 3, 4, 5]) {
      world.executions.set(ownerOf(`e${n}`), 'ended')
      world.jobRuns.set(`e${n}-1-0`, 'FAILED')
      await claim(world, `e${n + 1}`)
    }
    const held = await item(world)
    expect(held).toMatchObject({ refresh_status: 'held', hold_reason: 'attempts_exhausted', failed_attempts: 5 })
    expect(held.entry_uri).not.toBeNull()
    expect((await reportOf(world, 'e6-1-0')).held).toMatchObject([{ reason: 'attempts_exhausted' }])
  })
})

describe('[evidence] a redriven execution', () => {
  test.each([
    ['is over', 'FAILED', 1, 2],
    ['still works', 'RUNNING', 0, 1],
  ] as const)('whose earlier job %s', async (_, state, tables, token) => {
    const { world, first } = await abandoned()
    world.executions.set(ownerOf('e1'), 'running')
    world.jobRuns.set(first.run_id, state)
    const redriven = await claim(world, 'e1', [TABLE], 1)
    expect(redriven.claimed).toBe(tables)
    expect((await item(world)).claim_token).toBe(token)
    // Called again, it says the same.
    expect(await claim(world, 'e1', [TABLE], 1)).toEqual(redriven)
  })

  test('with an old token, whose claim another run has: nothing of it is claimed or settled', async () => {
    const { world, first } = await abandoned()
    const lake: Lake = new Map()
    world.jobRuns.set(first.run_id, 'FAILED')
    const second = await claim(world, 'e2')
    world.executions.set(ownerOf('e2'), 'running')

    world.executions.set(ownerOf('e1'), 'running')
    const redriven = await claim(world, 'e1', [TABLE], 1)
    expect(redriven.claimed).toBe(0)
    expect((await settle(world, 'e1', redriven)).tables[0]).toMatchObject({
      status: 'skipped',
      reason: 'claimed_by_a_living_run',
    })

    // Its job, on the old plan: whichever of the two is first commits, and the ledger is settled by the one that has the claim.
    await runJob(world, lake, first)
    await runJob(world, lake, second)
    expect((await settle(world, 'e2', second)).tables[0]?.reason).toBe('already_committed')
    expect(lake.get(TABLE)).toHaveLength(1)
  })
})

describe('[frozen-set] a plan that only looks', () => {
  const gone = async (world: World) => {
    // As if deleted: what lies there now has another etag.
    await world.objects.put(STAGING, 'internal_staging/shop/orders/1.parquet', 'other bytes')
  }

  test('is made when a file of an entry that was given out is gone', async () => {
    const { world, first, planned } = await abandoned(2)
    await settle(world, 'e1', first, KILLED)
    await gone(world)
    const second = await claim(world, 'e2')
    expect(await only(world, second)).toEqual({ ...planned, token: 2, attempt: 2, resolve_only: true })
    expect(await claim(world, 'e2')).toEqual(second)
  })

  test('settles what was committed, though the files are gone', async () => {
    const { world, first, planned } = await abandoned(2)
    const lake: Lake = new Map()
    await work(world, lake, first, planned)
    await settle(world, 'e1', first, KILLED)
    await gone(world)
    const second = await claim(world, 'e2')
    await runJob(world, lake, second)
    expect((await settle(world, 'e2', second)).tables[0]).toMatchObject({ status: 'completed', files: 2 })
  })

  test('frees the files when the batch is not there, and the rest goes on', async () => {
    const { world, first } = await abandoned(2)
    await settle(world, 'e1', first, KILLED)
    await gone(world)
    const second = await claim(world, 'e2')
    await runJob(world, new Map(), second)
    expect((await settle(world, 'e2', second)).tables[0]).toMatchObject({ status: 'refresh_error' })
    expect((await item(world)).entry_uri).toBeNull()
    expect(await only(world, await claim(world, 'e3'))).toMatchObject({ attempt: 1, resolve_only: false })
  })

  test('is never made for a first attempt: its job rejects what is gone', async () => {
    const { world } = await abandoned()
    await gone(world)
    expect(await only(world, await claim(world, 'e1'))).toMatchObject({ attempt: 1, resolve_only: false })
  })
})

describe('[frozen-set] a claim that an operator forced from a run of which nobody knows', () => {
  /** As `tidegate unlock --force` leaves it. */
  async function forced() {
    const { world, first } = await abandoned()
    const seen = await item(world)
    const free = { refresh_status: 'refresh_error' as const, claim_owner: null, unproved_runs: [first.run_id] }
    await world.tables.replace({ ...seen, ...free, revision: seen.revision + 1 }, seen)
    return { world, first }
  }
  async function rejectedRun(world: World, execution: string) {
    const claimed = await claim(world, execution)
    const planned = await only(world, claimed)
    const error = { code: 'TG2104', message: 'cut short', transient: false, details: null }
    const nothing = { result: 'rejected', snapshot: null, rows: null, files: [], evidence: null } as const
    const outcome = await outcomeOf(world, claimed, planned, { ...nothing, files: [], lookup: 'absent', error })
    await putOutcome(world, outcome, { ...planned, run_id: claimed.run_id })
    await settle(world, execution, claimed)
    return item(world)
  }

  test('stays frozen, though a look-up found nothing, until that run is known to have ended', async () => {
    const { world, first } = await forced()
    expect(await rejectedRun(world, 'e2')).toMatchObject({ unproved_runs: [first.run_id], attempts: 2 })
    expect((await item(world)).entry_uri).not.toBeNull()
    world.jobRuns.set(first.run_id, 'RUNNING')
    expect((await rejectedRun(world, 'e3')).entry_uri).not.toBeNull()

    world.jobRuns.set(first.run_id, 'FAILED')
    expect(await rejectedRun(world, 'e4')).toMatchObject({ unproved_runs: [], entry_uri: null })
  })

  test('is free eleven days later if no job run of it ever showed: none can come any more', async () => {
    const { world, first } = await forced()
    const second = await rejectedRun(world, 'e2')
    expect(second).toMatchObject({ unproved_runs: [first.run_id] })
    world.clock.advance(11 * 86_400_000 - 1000)
    expect(await rejectedRun(world, 'e3')).toMatchObject({
      unproved_runs: [first.run_id],
      unproved_since_ms: second.unproved_since_ms,
    })
    world.clock.advance(2000)
    const free = await rejectedRun(world, 'e4')
    expect(free).toMatchObject({ unproved_runs: [], entry_uri: null })
    expect(free.unproved_since_ms).toBeUndefined()
  })

  test('but never while a job run of it shows that is not over, nor by the days before another one was forced', async () => {
    const { world, first } = await forced()
    const seen = await rejectedRun(world, 'e2')
    world.clock.advance(30 * 86_400_000)
    const again = { ...seen, ...withUnprovedRun(seen, 'e0-1-0'), revision: seen.revision + 1 }
    await world.tables.replace(again, seen)
    expect(await rejectedRun(world, 'e3')).toMatchObject({ unproved_runs: [first.run_id, 'e0-1-0'] })
    world.jobRuns.set(first.run_id, 'RUNNING')
    world.clock.advance(12 * 86_400_000)
    expect(await rejectedRun(world, 'e4')).toMatchObject({ unproved_runs: [first.run_id] })
  })

  test('is resolved by a commit', async () => {
    const { world } = await forced()
    const second = await claim(world, 'e2')
    await runJob(world, new Map(), second)
    await settle(world, 'e2', second)
    expect(await item(world)).toMatchObject({ refresh_status: 'completed', unproved_runs: [], entry_uri: null })
  })
})
