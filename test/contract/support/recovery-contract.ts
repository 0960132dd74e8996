/** What becomes of claims whose run died, of batches that fail, and of bad files: the protocol of rules 1, 2, 3 and 8, on any ports. */
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../shared/contracts/outcome.ts'
import {
  cadenceConfig,
  claim,
  item,
  KILLED,
  type Lake,
  outcomeOf,
  ownerOf,
  plannedTables,
  putFile,
  putOutcome,
  runJob,
  STAGING,
  settle,
  tableConfig,
  type World,
  work,
} from '../../unit/claims/world.ts'
import { newName } from './items.ts'

const rejected = { result: 'rejected', snapshot: null, rows: null, evidence: null, lookup: 'absent' } as const
const error = { code: 'TG2104', message: 'It is cut short.', transient: false, details: null }

async function tableIn(world: World, change: Parameters<typeof tableConfig>[1] = {}) {
  const name = newName().replaceAll('_', '')
  const table = `shop_${name}`
  await world.config.putCadence(cadenceConfig())
  await world.config.putTable(tableConfig(table, change))
  const lake: Lake = new Map()
  const begin = (execution: string) => claim(world, `${name}${execution}`, [table])
  const end = async (execution: string, run: Awaited<ReturnType<typeof begin>>, job?: typeof KILLED) =>
    (await settle(world, `${name}${execution}`, run, job)).tables.map(({ status, reason }) => [status, reason])
  return {
    table,
    lake,
    begin,
    end,
    item: () => item(world, table),
    waiting: async () => (await world.files.waiting(table, 99)).length,
    put: (file: string, body: string) => putFile(world, table, file, body),
    /** The execution ended, and so did its job, if it had one. */
    died: (execution: string, job: 'FAILED' | 'RUNNING' | undefined) => {
      world.executions.set(ownerOf(`${name}${execution}`), 'ended')
      if (job) world.jobRuns.set(`${name}${execution}-1-0`, job)
    },
    reject: async (run: Awaited<ReturnType<typeof begin>>, change: Partial<Outcome> = {}) => {
      for (const planned of await plannedTables(world, run)) {
        const outcome = await outcomeOf(world, run, planned, { ...rejected, files: [], error, ...change })
        await putOutcome(world, outcome, { ...planned, run_id: run.run_id })
      }
    },
    run: async (execution: string) => {
      const run = await begin(execution)
      await runJob(world, lake, run)
      return end(execution, run)
    },
  }
}

export function recoveryContract(kind: string, makeWorld: () => World): void {
  describe(`recovery: ${kind}`, () => {
    test('[evidence] [commit-authority] a dead run’s claim passes on once its job is over, and what it committed is found', async () => {
      const world = makeWorld()
      const one = await tableIn(world)
      await one.put('1.parquet', '1')
      const first = await one.begin('a')
      for (const planned of await plannedTables(world, first)) await work(world, one.lake, first, planned)
      one.died('a', 'RUNNING')
      expect((await one.begin('b')).claimed).toBe(0)
      expect(await one.item()).toMatchObject({ refresh_status: 'updating_table', claim_token: 1 })

      one.died('a', 'FAILED')
      await one.put('2.parquet', '2')
      expect(await one.run('c')).toEqual([['completed', 'already_committed']])
      expect(await one.end('a', first)).toEqual([['refresh_error', 'unknown']])
      expect(await one.run('d')).toEqual([['completed', 'committed']])
      expect(one.lake.get(one.table)?.map((commit) => commit.files.length)).toEqual([1, 1])
      expect(await world.tables.runs(one.table, 9)).toHaveLength(3)
    })

    test('[evidence] where nothing is known of its job, it is held', async () => {
      const one = await tableIn(makeWorld())
      await one.put('1.parquet', '1')
      await one.begin('a')
      one.died('a', undefined)
      expect((await one.begin('b')).claimed).toBe(0)
      expect(await one.item()).toMatchObject({ refresh_status: 'held', hold_reason: 'owner_ended_unsettled' })
    })

    test('[frozen-set] a batch whose files are gone is only looked for, and then let go', async () => {
      const world = makeWorld()
      const one = await tableIn(world)
      const file = await one.put('1.parquet', '1')
      await one.end('a', await one.begin('a'), KILLED)
      await world.objects.put(STAGING, file.file_ingestion_path, 'other bytes')
      const second = await one.begin('b')
      expect(await plannedTables(world, second)).toMatchObject([{ resolve_only: true, attempt: 2 }])
      await runJob(world, one.lake, second)
      expect(await one.end('b', second)).toEqual([['refresh_error', 'rejected']])
      expect(await one.item()).toMatchObject({ entry_uri: null, unproved_runs: [], failed_attempts: 2 })
      expect(one.lake.get(one.table) ?? []).toEqual([])
    })

    test('after `max_attempts` attempts in a row the table is held, its files wait, and retried it goes on', async () => {
      const world = makeWorld()
      const one = await tableIn(world, { max_attempts: 2 })
      await one.put('1.parquet', '1')
      for (const [execution, status] of [
        ['a', 'refresh_error'],
        ['b', 'held'],
      ] as const) {
        const run = await one.begin(execution)
        await one.reject(run)
        expect((await one.end(execution, run))[0]?.[0]).toBe(status)
      }
      expect((await one.begin('c')).claimed).toBe(0)
      const held = await one.item()
      expect(held).toMatchObject({ hold_reason: 'attempts_exhausted', failed_attempts: 2, max_attempts: 2 })
      expect(await one.waiting()).toBe(1)

      const again = { refresh_status: 'refresh_error' as const, hold_reason: null, failed_attempts: 0 }
      await world.tables.replace({ ...held, ...again, revision: held.revision + 1 }, held)
      expect(await one.run('d')).toEqual([['completed', 'committed']])
    })

    test('[all-or-nothing] a poison file is put aside, the rest goes on, and released it is a batch of its own', async () => {
      const world = makeWorld()
      const { merge } = tableConfig('x')
      const one = await tableIn(world, { merge: { ...merge, on_bad_file: 'quarantine' } })
      await one.put('1.parquet', '1')
      const poison = await one.put('2.parquet', 'poison')
      const first = await one.begin('a')
      const bad = { file_id: poison.file_id, stage: 'read', reason: 'null_key', detail: '2 rows', rows: [4, 9] }
      await one.reject(first, { bad_files: [bad] })
      expect(await one.end('a', first)).toEqual([['refresh_error', 'rejected']])
      expect(await one.run('b')).toEqual([['completed', 'committed']])

      const [aside, ...others] = await world.files.quarantined(one.table, 9)
      expect([aside?.file_id, aside?.quarantine?.rows, others]).toEqual([poison.file_id, [4, 9], []])
      if (!aside) throw new Error('it was just there')
      expect(await world.files.release(aside, world.clock.now())).toBe(true)
      expect(await one.run('c')).toEqual([['completed', 'committed']])
      expect(one.lake.get(one.table)?.map((commit) => commit.files.length)).toEqual([1, 1])
      expect(await one.waiting()).toBe(0)
    })
  })
}
