/** What settling a batch counts, asks and reports, besides what it does to the ledger. */
import { describe, expect, test } from 'vitest'
import { controlLayout } from '../../../shared/contracts/control-layout.ts'
import type { JobResult } from '../../../shared/contracts/runs.ts'
import { settleBatch } from '../../../shared/settling/settle-batch.ts'
import {
  CONTROL,
  claim,
  createWorld,
  ENDED,
  item,
  KILLED,
  NOT_STARTED,
  outcomeOf,
  plannedTables,
  putEvidence,
  putFile,
  putOutcome,
  settle,
  type World,
} from '../claims/world.ts'

const TABLE = 'shop_orders'
const ROWS = { read: 15, inserted: 5, updated: 4, deleted: 3, stale: 2, duplicate: 1 }

/** A claim of two files; `commits`: with the outcome of a job that applied them. */
async function batchOfTwo(commits: boolean) {
  const world = await createWorld()
  for (const n of [1, 2]) await putFile(world, TABLE, `${n}.parquet`, `${n}`)
  const batch = await claim(world, 'e1')
  const [planned] = await plannedTables(world, batch)
  if (!planned) throw new Error('nothing was planned')
  if (commits) {
    await putEvidence(world, batch, planned)
    const place = { run_id: batch.run_id, table: TABLE, token: planned.token }
    await putOutcome(world, await outcomeOf(world, batch, planned, { rows: ROWS }), place)
  }
  return { world, batch }
}

describe('metrics', () => {
  const totals = (world: World, ...names: string[]) => names.map((name) => world.signals.total(name))
  const BY_EFFECT = ['RowsRead', 'RowsInserted', 'RowsUpdated', 'RowsDeleted', 'RowsStale', 'RowsDuplicate']
  const BY_STATUS = ['TablesCompleted', 'TablesFailed', 'TablesHeld', 'TablesSkipped']

  test('of an applied batch: its files, and its rows by what they did', async () => {
    const { world, batch } = await batchOfTwo(true)
    await settle(world, 'e1', batch)
    expect(totals(world, ...BY_EFFECT)).toEqual([15, 5, 4, 3, 2, 1])
    expect(totals(world, ...BY_STATUS, 'FilesSettled', 'OutcomesUnusable')).toEqual([1, 0, 0, 0, 2, 0])
  })

  test('of a failed one: no file and no row', async () => {
    const { world, batch } = await batchOfTwo(false)
    await settle(world, 'e1', batch, KILLED)
    expect(totals(world, ...BY_EFFECT)).toEqual([0, 0, 0, 0, 0, 0])
    expect(totals(world, ...BY_STATUS, 'FilesSettled', 'OutcomesUnusable')).toEqual([0, 1, 0, 0, 0, 0])
  })
})

describe('[evidence] the engine is asked for the job runs', () => {
  const questions = async (commits: boolean, job: JobResult) => {
    const { world, batch } = await batchOfTwo(commits)
    const asked: string[] = []
    const of: World['jobRuns']['of'] = (jobName, runId, sinceMs) => {
      asked.push(`${jobName} ${runId}`)
      return world.jobRuns.of(jobName, runId, sinceMs)
    }
    const input = { execution_name: 'e1', batch: 1, plan_uri: batch.plan_uri, run_id: batch.run_id, job }
    await settleBatch(input, { ...world, jobRuns: { of } })
    return asked
  }

  test('where a job worked and nobody knows of a commit, by the job that the claim noted', async () => {
    expect(await questions(false, ENDED)).toEqual(['tidegate e1-1-0'])
  })

  test('not where there is a commit, which is the authority, or where no job was started', async () => {
    expect(await questions(true, ENDED)).toEqual([])
    expect(await questions(true, NOT_STARTED)).toEqual([])
    expect(await questions(false, NOT_STARTED)).toEqual([])
  })
})

describe('a claim that was unlocked', () => {
  test('settles nothing any more, though token and batch are still its own', async () => {
    const { world, batch } = await batchOfTwo(true)
    const seen = await item(world)
    const unlocked = {
      ...seen,
      revision: seen.revision + 1,
      refresh_status: 'refresh_error',
      claim_owner: null,
    } as const
    await world.tables.replace(unlocked, seen)
    expect((await settle(world, 'e1', batch)).tables).toEqual([
      { table: TABLE, status: 'skipped', reason: 'claim_passed_on', rows: null, files: 0, error: null },
    ])
    expect(await item(world)).toEqual(unlocked)
    expect(await world.files.waiting(TABLE, 9)).toHaveLength(2)
    expect(world.signals.total('TablesSkipped')).toBe(1)
  })
})

describe('the report', () => {
  test('has the planned tables also when the claim’s own report is gone', async () => {
    const { world, batch } = await batchOfTwo(true)
    const get: World['objects']['get'] = (bucket, key) =>
      key === controlLayout.claims(batch.run_id) ? Promise.resolve(undefined) : world.objects.get(bucket, key)
    const report = await settle({ ...world, objects: { ...world.objects, get } }, 'e1', batch)
    expect(report.tables.map(({ table, status }) => [table, status])).toEqual([[TABLE, 'completed']])
  })

  test('names each table once', async () => {
    const { world, batch } = await batchOfTwo(true)
    const key = controlLayout.claims(batch.run_id)
    const claims = JSON.parse((await world.objects.get(CONTROL, key)) ?? '')
    const again = { table: TABLE, reason: 'nothing_waits' }
    await world.objects.put(CONTROL, key, JSON.stringify({ ...claims, skipped: [again] }))
    expect((await settle(world, 'e1', batch)).tables).toMatchObject([{ table: TABLE, status: 'completed' }])
  })

  test('of a trouble that may pass is none, but how many tables it has, and the first', async () => {
    const { world, batch } = await batchOfTwo(true)
    const files: World['files'] = { ...world.files, move: () => Promise.reject(new Error('throttled')) }
    await expect(settle({ ...world, files }, 'e1', batch)).rejects.toThrow(
      'TG3201: `1` tables of the run `e1-1-0` could not be settled, first `shop_orders`: throttled. Call again: what was settled stays as it is.',
    )
  })
})
