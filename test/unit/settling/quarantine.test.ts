/** [all-or-nothing] A bad file rejects its batch; by policy it goes into quarantine, and the rest into a batch of its own. */
import { describe, expect, test } from 'vitest'
import type { BadFile } from '../../../shared/contracts/outcome.ts'
import { around, Died, dying, unlessDied } from '../claims/disturbed.ts'
import {
  claim,
  createWorld,
  ENDED,
  item,
  KILLED,
  type Lake,
  MAYBE,
  outcomeOf,
  ownerOf,
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

async function threeFiles(on_bad_file: 'hold' | 'quarantine') {
  const world = await createWorld()
  const config = tableConfig(TABLE)
  await world.config.putTable({ ...config, merge: { ...config.merge, on_bad_file } })
  const files = [
    await putFile(world, TABLE, '1.parquet', '1'),
    await putFile(world, TABLE, '2.parquet', 'poison'),
    await putFile(world, TABLE, '3.parquet', '3'),
  ]
  return { world, files, poison: files[1]?.file_id ?? '' }
}

/** A run whose job rejects the batch for these files; settled by the caller. */
async function rejecting(
  world: World,
  execution: string,
  bad: readonly Partial<BadFile>[],
  lookup: 'absent' | 'unreachable' = 'absent',
) {
  const claimed = await claim(world, execution)
  const [planned] = await plannedTables(world, claimed)
  if (!planned) throw new Error('nothing was planned')
  const bad_files = bad.map((file) => ({
    file_id: '',
    stage: 'read',
    reason: 'truncated',
    detail: 'no footer',
    ...file,
  }))
  const nothing = { result: 'rejected', snapshot: null, rows: null, files: [], evidence: null } as const
  const outcome = await outcomeOf(world, claimed, planned, { ...nothing, files: [], lookup, error, bad_files })
  await putOutcome(world, outcome, { ...planned, run_id: claimed.run_id })
  return { claimed, planned }
}

const waitingIds = async (world: World) => (await world.files.waiting(TABLE, 9)).map((file) => file.file_id)

describe('[all-or-nothing] a file that its batch was rejected for', () => {
  test('goes into quarantine with stage, reason and rows; the next batch id is without it', async () => {
    const { world, files, poison } = await threeFiles('quarantine')
    const { claimed, planned } = await rejecting(world, 'e1', [{ file_id: poison, rows: [3, 7] }])
    const [table] = (await settle(world, 'e1', claimed)).tables

    expect(table).toMatchObject({ status: 'refresh_error', reason: 'rejected', error: { code: 'TG2104' } })
    expect(await world.files.quarantined(TABLE, 9)).toEqual([
      {
        ...files[1],
        file_ingestion_status: 'raw_file_quarantined',
        reason: 'truncated',
        quarantine: {
          stage: 'read',
          reason: 'truncated',
          detail: 'no footer',
          rows: [3, 7],
          error_code: 'TG2104',
          batch_id: planned.entry.batch_id,
          discarded_at_ms: null,
        },
        settled_at_ms: world.clock.now(),
        glue_job_run_id: 'e1-1-0',
        expires_at_s: world.clock.now() / 1000 + 400 * 86_400,
      },
    ])
    expect(await waitingIds(world)).toEqual([files[0]?.file_id, files[2]?.file_id])
    expect(await item(world)).toMatchObject({ entry_uri: null, failed_attempts: 0, refresh_status: 'refresh_error' })
    expect(world.signals.total('FilesQuarantined')).toBe(1)

    const lake: Lake = new Map()
    const second = await claim(world, 'e2')
    const [next] = await plannedTables(world, second)
    expect(next?.entry.batch_id).not.toBe(planned.entry.batch_id)
    await runJob(world, lake, second)
    expect((await settle(world, 'e2', second)).tables[0]).toMatchObject({ status: 'completed', files: 2 })

    // Released, it is a batch of its own.
    const [quarantined] = await world.files.quarantined(TABLE, 9)
    if (!quarantined) throw new Error('it is there')
    expect(await world.files.release(quarantined, world.clock.now())).toBe(true)
    const third = await claim(world, 'e3')
    await runJob(world, lake, third)
    expect((await settle(world, 'e3', third)).tables[0]).toMatchObject({ status: 'completed', files: 1 })
    expect(lake.get(TABLE)?.map((commit) => commit.files.length)).toEqual([2, 1])
  })

  test('stays with its table where the policy is to hold, and counts', async () => {
    const { world, poison } = await threeFiles('hold')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
    await settle(world, 'e1', claimed)
    expect(await waitingIds(world)).toHaveLength(3)
    expect((await item(world)).failed_attempts).toBe(1)
  })

  test('is not touched while it is frozen: nobody looked, on a second attempt', async () => {
    const { world, poison } = await threeFiles('quarantine')
    await settle(world, 'e1', await claim(world, 'e1'), KILLED)
    const { claimed } = await rejecting(world, 'e2', [{ file_id: poison }], 'unreachable')
    await settle(world, 'e2', claimed)
    expect(await waitingIds(world)).toHaveLength(3)
    expect((await item(world)).entry_uri).not.toBeNull()
  })

  test('nor if a job may have started of which nobody knows', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
    await settle(world, 'e1', claimed, MAYBE)
    expect(await waitingIds(world)).toHaveLength(3)
    expect((await item(world)).refresh_status).toBe('held')
  })

  test('is left for its newer put if it was overwritten', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison, reason: 'overwritten' }])
    await settle(world, 'e1', claimed)
    expect(await world.files.quarantined(TABLE, 9)).toEqual([])
    expect((await item(world)).failed_attempts).toBe(1)
  })

  test('is not put aside if all files of its batch are of other columns: that is the configuration, or the source', async () => {
    const { world, files } = await threeFiles('quarantine')
    const lacks = (name: string, column: string) =>
      `\`s3://staging/${name}\` lacks the key column \`${column}\`. Correct \`keys\` of the table, or the file.`
    const bad = files.map(({ file_id }, n) => ({
      file_id,
      reason: 'columns',
      detail: lacks(`${n}`, n < 2 ? 'id' : 'nr'),
    }))
    const { claimed } = await rejecting(world, 'e1', bad)
    await settle(world, 'e1', claimed)
    expect(await waitingIds(world)).toHaveLength(3)
    expect(await item(world)).toMatchObject({ entry_uri: null, failed_attempts: 1, refresh_status: 'refresh_error' })
    expect((await item(world)).error).toMatchObject({
      code: 'TG2104',
      message: expect.stringMatching(
        /^All `3` files of the batch of `shop_orders` .* one lacks the key column `id`\. Correct `keys` .* One lacks the key column `nr`\./,
      ),
    })

    // With one more file that fits, the others are what is wrong.
    await putFile(world, TABLE, '4.parquet', '4')
    const second = await rejecting(world, 'e2', bad)
    await settle(world, 'e2', second.claimed)
    expect(await waitingIds(world)).toHaveLength(1)
  })

  test('is put aside if others of its batch can’t be read either, for whatever reason', async () => {
    const { world, files } = await threeFiles('quarantine')
    const bad = files.map(({ file_id }, n) => ({ file_id, reason: n === 0 ? 'truncated' : 'columns' }))
    const { claimed } = await rejecting(world, 'e1', bad)
    await settle(world, 'e1', claimed)
    expect(await waitingIds(world)).toEqual([])
  })

  test('must be of the plan: a job can’t put other files aside', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }, { file_id: '000000000001-stranger' }])
    const later = await putFile(world, TABLE, '4.parquet', '4')
    await settle(world, 'e1', claimed)
    expect((await world.files.quarantined(TABLE, 9)).map((file) => file.file_id)).toEqual([poison])
    expect(await waitingIds(world)).toContain(later.file_id)
  })

  test('a long detail is cut, so that the item stays small', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison, detail: 'x'.repeat(100_000) }])
    await settle(world, 'e1', claimed)
    const [quarantined] = await world.files.quarantined(TABLE, 9)
    expect(quarantined?.quarantine?.detail).toHaveLength(2000)
  })

  test('is quarantined before the table is released, wherever the settling dies', async () => {
    for (const done of [true, false]) {
      for (let n = 1, alive = false; !alive; n += 1) {
        const { world, poison } = await threeFiles('quarantine')
        const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
        const mortal = dying(world, n, done)
        await unlessDied(settle(mortal.ports, 'e1', claimed, ENDED))
        const free = (await item(world)).refresh_status === 'refresh_error'
        if (free) expect(await waitingIds(world)).not.toContain(poison)
        await settle(world, 'e1', claimed, ENDED)
        expect(await waitingIds(world)).toHaveLength(2)
        expect((await item(world)).refresh_status).toBe('refresh_error')
        alive = mortal.calls() < n
      }
    }
  })

  test('is no poison after all if another attempt applied it, since the settling died in between', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
    const mortal = around(world, (name, call) => (name === 'tables.replace' ? Promise.reject(new Died(name)) : call()))
    await unlessDied(settle(mortal, 'e1', claimed))
    expect((await world.files.quarantined(TABLE, 9)).map((file) => file.file_id)).toEqual([poison])
    expect((await item(world)).refresh_status).toBe('updating_table')

    world.executions.set(ownerOf('e1'), 'ended')
    world.jobRuns.set(claimed.run_id, 'FAILED')
    const lake: Lake = new Map()
    const second = await claim(world, 'e2')
    await runJob(world, lake, second)
    expect((await settle(world, 'e2', second)).tables[0]).toMatchObject({ status: 'completed', files: 3 })
    expect(await world.files.quarantined(TABLE, 9)).toEqual([])
    expect(await world.files.settled(TABLE, poison)).toMatchObject({
      file_ingestion_status: 'raw_file_processed',
      batch_id: lake.get(TABLE)?.[0]?.batch,
    })
    expect(await waitingIds(world)).toEqual([])
  })

  test('is left alone by a run whose claim passed on while it settled', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
    const overtaken = around(world, async (name, call) => {
      const seen = await item(world)
      if (name === 'files.move' && seen.claim_token === 1) {
        const other = { claim_token: 2, claim_owner: 'another', revision: seen.revision + 1 }
        await world.tables.replace({ ...seen, ...other }, seen)
      }
      return call()
    })
    const [table] = (await settle(overtaken, 'e1', claimed)).tables
    expect(table).toMatchObject({ status: 'skipped', reason: 'claim_passed_on' })
    expect(await waitingIds(world)).toHaveLength(3)
  })
})

describe('[frozen-set] a batch that one of two job runs of its run rejected', () => {
  const rejectedWith = async (...states: ('RUNNING' | 'FAILED' | 'SUCCEEDED')[]) => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
    for (const [n, state] of states.entries()) world.jobRuns.set(claimed.run_id, state, `jr_${n}`)
    const settled = await settle(world, 'e1', claimed)
    return { world, claimed, poison, table: settled.tables[0] }
  }

  test('stays frozen, since the other one may have committed it', async () => {
    const { world, claimed, table } = await rejectedWith('FAILED', 'SUCCEEDED')
    expect(table).toMatchObject({ status: 'refresh_error', reason: 'unknown', error: { code: 'TG5308' } })
    expect(table?.error?.message).toContain(`\`2\` job runs of \`${claimed.run_id}\`:`)
    expect(await item(world)).toMatchObject({ attempts: 1, unproved_runs: [] })
    expect((await item(world)).entry_uri).not.toBeNull()
    expect(await world.files.quarantined(TABLE, 9)).toEqual([])
  })

  test('is settled by the commit of the other one, which the next attempt finds', async () => {
    const { world, claimed } = await rejectedWith('FAILED', 'SUCCEEDED')
    const lake: Lake = new Map()
    await runJob(world, lake, claimed)
    const second = await claim(world, 'e2')
    await runJob(world, lake, second)
    expect((await settle(world, 'e2', second)).tables[0]).toMatchObject({ status: 'completed', files: 3 })
    expect(lake.get(TABLE)).toHaveLength(1)
  })

  test('is proved absent by no look-up as long as the other one is at work', async () => {
    const { world, claimed, poison } = await rejectedWith('FAILED', 'RUNNING')
    expect(await item(world)).toMatchObject({ attempts: 1, unproved_runs: [claimed.run_id] })
    const second = await rejecting(world, 'e2', [{ file_id: poison }])
    await settle(world, 'e2', second.claimed)
    expect((await item(world)).entry_uri).not.toBeNull()
    world.jobRuns.set(claimed.run_id, 'FAILED', 'jr_1')
    const third = await rejecting(world, 'e3', [{ file_id: poison }])
    await settle(world, 'e3', third.claimed)
    expect(await item(world)).toMatchObject({ entry_uri: null, unproved_runs: [] })
  })

  test('nor if the one that is known was killed, and left no outcome', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const first = await claim(world, 'e1')
    world.jobRuns.set(first.run_id, 'FAILED', 'jr_0')
    world.jobRuns.set(first.run_id, 'RUNNING', 'jr_1')
    await settle(world, 'e1', first, KILLED)
    expect(await item(world)).toMatchObject({ unproved_runs: [first.run_id] })
    const second = await rejecting(world, 'e2', [{ file_id: poison }])
    await settle(world, 'e2', second.claimed)
    expect((await item(world)).entry_uri).not.toBeNull()
    expect(await waitingIds(world)).toHaveLength(3)
  })

  test('or if Glue, though it told of an end, shows none', async () => {
    const { world, poison } = await threeFiles('quarantine')
    const { claimed } = await rejecting(world, 'e1', [{ file_id: poison }])
    const blind = { ...world, jobRuns: { of: async () => [] } }
    const [table] = (await settle(blind, 'e1', claimed)).tables
    expect(table?.error?.code).toBe('TG5308')
    expect(await item(world)).toMatchObject({ unproved_runs: [claimed.run_id] })
  })

  test('is free if there was only one', async () => {
    const { world } = await rejectedWith('FAILED')
    expect((await item(world)).entry_uri).toBeNull()
  })
})
