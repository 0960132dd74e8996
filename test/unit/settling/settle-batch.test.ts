import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../shared/contracts/outcome.ts'
import type { JobResult } from '../../../shared/contracts/runs.ts'
import { around } from '../claims/disturbed.ts'
import {
  CONTROL,
  claim,
  createWorld,
  ENDED,
  item,
  KILLED,
  type Lake,
  MAYBE,
  NOT_STARTED,
  outcomeOf,
  plannedTables,
  putEvidence,
  putFile,
  putOutcome,
  runJob,
  settle,
  type World,
  work,
} from '../claims/world.ts'

const TABLE = 'shop_orders'

/** A claim of what waits, and what its one planned table is. */
async function claimed(world: World, execution: string) {
  const claimed = await claim(world, execution)
  const [planned] = await plannedTables(world, claimed)
  if (!planned) throw new Error('nothing was planned')
  return { claimed, planned, place: { run_id: claimed.run_id, table: planned.table, token: planned.token } }
}

/** One run whose job does `change` to its outcome; undefined: no outcome. */
async function run(world: World, execution: string, change: Partial<Outcome> | undefined, job: JobResult = ENDED) {
  const { claimed: batch, planned, place } = await claimed(world, execution)
  if (change) await putOutcome(world, await outcomeOf(world, batch, planned, change), place)
  const [table] = (await settle(world, execution, batch, job)).tables
  return { table, planned }
}

const error = (code: string) => ({ code, message: `it is ${code}`, transient: false, details: null })
const rejected: Partial<Outcome> = {
  result: 'rejected',
  snapshot: null,
  rows: null,
  files: [],
  evidence: null,
  error: error('TG2104'),
}
const keysOf = async (world: World, prefix: string) => {
  const keys: string[] = []
  for await (const key of world.objects.list(CONTROL, prefix)) keys.push(key)
  return keys
}

describe('a committed batch', () => {
  test('is settled: tombstones, files with their ranges, the table and its history', async () => {
    const world = await createWorld()
    const load = await putFile(world, TABLE, 'LOAD00000001.parquet', 'rows')
    const change = await putFile(world, TABLE, '1.parquet', 'D7')
    const { claimed: batch, planned } = await claimed(world, 'e1')
    await runJob(world, new Map(), batch)

    const report = await settle(world, 'e1', batch)

    const rows = { read: 2, inserted: 2, updated: 0, deleted: 0, stale: 0, duplicate: 0 }
    const table = { table: TABLE, status: 'completed', reason: 'committed', rows, files: 2, error: null }
    expect(report).toEqual({ batch: 1, run_id: 'e1-1-0', engine_run_id: 'jr_1', tables: [table] })
    expect(JSON.parse((await world.objects.get(CONTROL, 'runs/e1/settled/1.json')) ?? '')).toEqual(report)

    const id = planned.entry.batch_id
    // 44 37 is `D7` in hex: a listing that starts after the hex of a sequence finds it.
    expect(await keysOf(world, 'tombstones/')).toEqual([`tombstones/shop_orders/1/4437-${id}-0`])
    expect(await world.objects.get(CONTROL, `tombstones/shop_orders/1/4437-${id}-0`)).toBe(
      `deletes of ${change.file_id}`,
    )

    expect(await world.files.waiting(TABLE, 9)).toEqual([])
    expect(await world.files.settled(TABLE, change.file_id)).toMatchObject({
      file_ingestion_status: 'raw_file_processed',
      batch_id: id,
      glue_job_run_id: 'e1-1-0',
      generation: 1,
      rows: 1,
      min_sequence: 'D7',
      max_sequence: 'D7',
      expires_at_s: world.clock.now() / 1000 + 400 * 86_400,
    })
    expect(await world.files.marker(TABLE, 1, load.file_ingestion_path)).toMatchObject({ marker_of: load.file_id })

    expect(await item(world)).toMatchObject({
      refresh_status: 'completed',
      claim_owner: null,
      claim_token: 1,
      batch_id: null,
      entry_uri: null,
      attempts: 0,
      applied_max_sequence: 'D7',
      last_snapshot: 'snapshot-1',
      last_batch_id: id,
      fresh_as_of_s: change.put_at_s,
      error: null,
    })
    expect(await world.tables.runs(TABLE, 9)).toMatchObject([
      {
        glue_job_run_id: 'e1-1-0',
        engine_run_id: 'jr_1',
        refresh_status: 'completed',
        number_of_rows_inserted: 2,
        attempt: 1,
      },
    ])
    expect(world.signals.total('RowsInserted')).toBe(2)
    expect(world.signals.total('TablesCompleted')).toBe(1)
  })

  test('[no-revival] the applied sequence never falls when a late file is settled', async () => {
    const world = await createWorld()
    const lake: Lake = new Map()
    for (const [execution, sequence] of [
      ['e1', '9'],
      ['e2', '3'],
    ] as const) {
      await putFile(world, TABLE, `${execution}.parquet`, sequence)
      const batch = await claim(world, execution)
      await runJob(world, lake, batch)
      await settle(world, execution, batch)
    }
    expect((await item(world)).applied_max_sequence).toBe('9')
    await putFile(world, TABLE, 'e3.parquet', '10')
    const { planned } = await claimed(world, 'e3')
    expect(planned.entry.applied).toMatchObject({ max_sequence: '9', snapshot: 'snapshot-2' })
  })

  test('sequences are compared as the job compares them, by UTF-8 bytes', async () => {
    const world = await createWorld()
    // U+10000 is above U+FF5E in UTF-8, and below it in JavaScript's own order.
    await putFile(world, TABLE, '1.parquet', '\u{ff5e}')
    await putFile(world, TABLE, '2.parquet', '\u{10000}')
    const batch = await claim(world, 'e1')
    await runJob(world, new Map(), batch)
    await settle(world, 'e1', batch)
    expect((await item(world)).applied_max_sequence).toBe('\u{10000}')
  })

  test('[no-revival] its deletes are published before any file is moved, and files before the release', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', 'D1')
    const batch = await claim(world, 'e1')
    await runJob(world, new Map(), batch)
    const calls: string[] = []
    const watched = around(world, (name, call) => {
      if (['objects.copy', 'files.move', 'tables.replace', 'objects.put'].includes(name)) calls.push(name)
      return call()
    })
    await settle(watched, 'e1', batch)
    expect(calls).toEqual(['objects.copy', 'files.move', 'tables.replace', 'objects.put'])
  })

  test('older files that land meanwhile do not hide the planned ones', async () => {
    const world = await createWorld()
    world.clock.advance(60_000)
    const file = await putFile(world, TABLE, '9.parquet', '9')
    const batch = await claim(world, 'e1')
    world.clock.advance(-50_000)
    for (const n of [1, 2, 3]) await putFile(world, TABLE, `${n}.csv`, `${n}`)
    await runJob(world, new Map(), batch)
    await settle(world, 'e1', batch)
    expect((await world.files.settled(TABLE, file.file_id))?.file_ingestion_status).toBe('raw_file_processed')
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(3)
  })

  test('settling again says the same and changes nothing, also when the report was lost', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const batch = await claim(world, 'e1')
    await runJob(world, new Map(), batch)
    const first = await settle(world, 'e1', batch)
    const after = await item(world)
    expect(await settle(world, 'e1', batch)).toEqual(first)
    await world.objects.put(CONTROL, 'runs/e1/settled/1.json', JSON.stringify({ ...first, run_id: 'e1-1-9' }))
    expect(await settle(world, 'e1', batch)).toEqual(first)
    expect(await item(world)).toEqual(after)
    expect(await world.tables.runs(TABLE, 9)).toHaveLength(1)
  })

  test('whose evidence is gone is kept for the next run, which finds it committed', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', 'D1')
    const first = await run(world, 'e1', {})
    expect(first.table).toMatchObject({ status: 'refresh_error', reason: 'unknown', error: { code: 'TG2311' } })
    expect((await item(world)).entry_uri).not.toBeNull()
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
  })

  test('whose evidence points elsewhere copies nothing', async () => {
    const world = await createWorld()
    await world.objects.put('elsewhere', 'commits/deletes.json', '{}')
    await putFile(world, TABLE, '1.parquet', 'D1')
    const { table } = await run(world, 'e1', { evidence: 's3://elsewhere/commits/' })
    expect(table?.error?.code).toBe('TG2311')
    expect(await keysOf(world, 'tombstones/')).toEqual([])
  })

  test('of a file that the ledger no longer has is an error that names it', async () => {
    const world = await createWorld()
    const file = await putFile(world, TABLE, '1.parquet', '1')
    const batch = await claim(world, 'e1')
    await runJob(world, new Map(), batch)
    const emptied = { ...world, files: { ...world.files, waiting: async () => [] } }
    const [table] = (await settle(emptied, 'e1', batch)).tables
    expect(table?.error?.code).toBe('TG3108')
    expect(table?.error?.message).toContain(file.file_ingestion_path)
  })
})

describe('[commit-authority] an earlier commit', () => {
  test('is settled from what the job finds, with the counts of its evidence', async () => {
    const world = await createWorld()
    const lake: Lake = new Map()
    await putFile(world, TABLE, '1.parquet', 'D1')
    const first = await claimed(world, 'e1')
    await work(world, lake, first.claimed, first.planned)
    await settle(world, 'e1', first.claimed, KILLED)
    expect((await item(world)).refresh_status).toBe('refresh_error')

    const second = await claim(world, 'e2')
    await runJob(world, lake, second)
    const [table] = (await settle(world, 'e2', second)).tables

    expect(table).toMatchObject({ status: 'completed', reason: 'already_committed', rows: { inserted: 1 } })
    expect(await item(world)).toMatchObject({ last_snapshot: 'snapshot-1', claim_token: 2, applied_max_sequence: 'D1' })
    expect(lake.get(TABLE)).toHaveLength(1)
    expect(await keysOf(world, 'tombstones/')).toHaveLength(1)
    expect(await world.tables.runs(TABLE, 9)).toHaveLength(2)
  })
})

describe('[frozen-set] which result frees the files', () => {
  const absent = { ...rejected, lookup: 'absent' } as const
  const unreachable = { ...rejected, lookup: 'unreachable' } as const
  const cases: [string, number, Partial<Outcome> | undefined, JobResult, string, boolean][] = [
    ['rejected at once', 1, unreachable, ENDED, 'refresh_error', false],
    ['rejected after a look-up', 2, absent, ENDED, 'refresh_error', false],
    ['rejected again, nobody looked', 2, unreachable, ENDED, 'refresh_error', true],
    ['unknown', 1, { ...unreachable, result: 'unknown' }, ENDED, 'refresh_error', true],
    ['no outcome, job ended', 1, undefined, KILLED, 'refresh_error', true],
    ['no outcome, job succeeded', 1, undefined, ENDED, 'refresh_error', true],
    ['no job, first attempt', 1, undefined, NOT_STARTED, 'refresh_error', false],
    ['no job, later attempt', 2, undefined, NOT_STARTED, 'refresh_error', true],
    ['maybe a job', 1, undefined, MAYBE, 'held', true],
    ['maybe a job, rejected by one', 1, absent, MAYBE, 'held', true],
    ['no job, they say, but an outcome', 1, absent, NOT_STARTED, 'held', true],
    ['late beyond the window', 1, { ...absent, error: error('TG2301') }, ENDED, 'held', false],
  ]
  test.each(cases)('%s (attempt %i)', async (_, attempt, change, job, status, frozen) => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    for (let n = 1; n < attempt; n += 1) await run(world, `before${n}`, undefined, KILLED)
    const { table, planned } = await run(world, 'e1', change, job)
    const after = await item(world)
    expect(planned.attempt).toBe(attempt)
    expect(table?.status).toBe(status)
    expect(after.refresh_status).toBe(status)
    expect(after.entry_uri !== null).toBe(frozen)
    expect(after.batch_id !== null).toBe(frozen)
    expect(after.attempts).toBe(frozen ? attempt : 0)
    expect(after.error?.message).toBeTruthy()
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
    expect(world.signals.total(status === 'held' ? 'TablesHeld' : 'TablesFailed')).toBeGreaterThan(0)
  })

  test('a commit is settled whatever is thought of the job', async () => {
    for (const job of [MAYBE, NOT_STARTED, KILLED]) {
      const world = await createWorld()
      await putFile(world, TABLE, '1.parquet', '1')
      const batch = await claim(world, 'e1')
      await runJob(world, new Map(), batch)
      expect((await settle(world, 'e1', batch, job)).tables[0]?.status).toBe('completed')
    }
  })

  test('what the job says of itself is in the error, and the job in the history', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const { table } = await run(world, 'e1', undefined, KILLED)
    expect(table?.error).toMatchObject({ code: 'TG5303', transient: true })
    expect(table?.error?.message).toMatch(
      /The job `jr_1` ended as `TIMEOUT` \(`killed`\) without an outcome for `shop_orders`/,
    )
    expect(await world.tables.run(TABLE, 'e1-1-0')).toMatchObject({
      engine_run_id: 'jr_1',
      result: 'unknown',
      error_code: 'TG5303',
      number_of_rows_inserted: 0,
    })
  })
})

describe('an outcome that says nothing', () => {
  test.each([
    ['no JSON', () => 'half a docu'],
    ['another contract', () => '{"contract":"tidegate.outcome/2"}'],
    ['another batch', (good: Outcome) => JSON.stringify({ ...good, batch_id: 'sha256:other' })],
    ['another run', (good: Outcome) => JSON.stringify({ ...good, run_id: 'e9-1-0' })],
    ['another token', (good: Outcome) => JSON.stringify({ ...good, token: 9 })],
    [
      '[all-or-nothing] a commit without one of its files',
      (good: Outcome) => JSON.stringify({ ...good, files: good.files.slice(1) }),
    ],
    [
      'a commit of one file too many',
      (good: Outcome) =>
        JSON.stringify({ ...good, files: [...good.files, { ...good.files[0], file_id: '000000000001-x' }] }),
    ],
    ['a commit without evidence', (good: Outcome) => JSON.stringify({ ...good, evidence: null })],
  ])('%s: as good as none, and the entry stays', async (_, bodyOf) => {
    const world = await createWorld()
    for (const n of [1, 2]) await putFile(world, TABLE, `${n}.parquet`, `${n}`)
    const { claimed: batch, planned, place } = await claimed(world, 'e1')
    await putEvidence(world, batch, planned)
    await putOutcome(world, bodyOf(await outcomeOf(world, batch, planned)), place)
    const [table] = (await settle(world, 'e1', batch)).tables
    expect(table).toMatchObject({ status: 'refresh_error', reason: 'unknown', error: { code: 'TG5304' } })
    expect((await item(world)).entry_uri).not.toBeNull()
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(2)
    expect(world.signals.total('OutcomesUnusable')).toBe(1)
  })

  test('an older token settles nothing once a later claim has the table', async () => {
    const world = await createWorld()
    const lake: Lake = new Map()
    await putFile(world, TABLE, '1.parquet', '1')
    const first = await claim(world, 'e1')
    await settle(world, 'e1', first, KILLED)
    await claim(world, 'e2')
    await runJob(world, lake, first)
    const before = await item(world)
    // The run's own report is gone, as if its Lambda had died before writing it; its history says what it settled.
    await world.objects.put(
      CONTROL,
      'runs/e1/settled/1.json',
      JSON.stringify({ batch: 1, run_id: 'x-1-0', engine_run_id: null, tables: [] }),
    )
    expect((await settle(world, 'e1', first)).tables[0]?.status).toBe('refresh_error')
    expect(await item(world)).toEqual(before)
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
  })

  test.each([true, false])(
    'a claim that is lost while it is settled is left to its new owner (committed: %s)',
    async (committed) => {
      const world = await createWorld()
      await putFile(world, TABLE, '1.parquet', '1')
      const batch = await claim(world, 'e1')
      if (committed) await runJob(world, new Map(), batch)
      // Between this run's look at the item and its first write, the claim passes on.
      const overtaken = around(world, async (name, call) => {
        const seen = await item(world)
        if (/files.move|tables.replace/.test(name) && seen.claim_token === 1) {
          await world.tables.replace(
            { ...seen, revision: seen.revision + 1, claim_token: 2, claim_owner: 'another' },
            seen,
          )
        }
        return call()
      })
      const [table] = (await settle(overtaken, 'e1', batch, committed ? ENDED : KILLED)).tables
      expect(table).toMatchObject({ status: 'skipped', reason: 'claim_passed_on' })
      expect(await item(world)).toMatchObject({
        refresh_status: 'updating_table',
        claim_token: 2,
        claim_owner: 'another',
      })
      expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
    },
  )

  test('a claim that passed on without this run settling it is reported as such', async () => {
    const world = await createWorld()
    await putFile(world, TABLE, '1.parquet', '1')
    const batch = await claim(world, 'e1')
    await runJob(world, new Map(), batch)
    const seen = await item(world)
    await world.tables.replace({ ...seen, revision: seen.revision + 1, claim_token: 2, claim_owner: 'another' }, seen)
    const [table] = (await settle(world, 'e1', batch)).tables
    expect(table).toMatchObject({ status: 'skipped', reason: 'claim_passed_on' })
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(1)
  })
})
