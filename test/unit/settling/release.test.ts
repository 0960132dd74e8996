/** What a resolved attempt leaves, field by field: the table's item and its history item. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tableItem, tableRun } from '../../../shared/contracts/ledger.ts'
import { type Outcome, outcome } from '../../../shared/contracts/outcome.ts'
import { type PlannedTable, plannedTable } from '../../../shared/contracts/plan.ts'
import { type Attempt, counted, releasedItem, runOf, settledTableOf } from '../../../shared/settling/release.ts'
import type { Failed, Resolution } from '../../../shared/settling/resolution.ts'
import { claimed } from '../../contract/support/items.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/contracts.example.json'), 'utf8'))
const planned: PlannedTable = plannedTable.parse(golden.plan.tables[0])
const committed: Outcome = outcome.parse(golden.outcomes.committed)
const ENDED_MS = Date.UTC(2023, 10, 18, 10, 12, 30)
const rows = { read: 15, inserted: 5, updated: 4, deleted: 3, stale: 2, duplicate: 1 }
const attempt: Attempt = { planned, run_id: 'run-9-0', engine_run_id: 'jr_9', rows, ended_at_ms: ENDED_MS }
const seen = claimed(planned.table, {
  claimed_at_ms: ENDED_MS - 90_000,
  claim_token: planned.token,
  failed_attempts: 2,
  generation: planned.entry.generation.id,
  applied_max_sequence: '1',
  last_snapshot: 's0',
  fresh_as_of_s: 5,
})
const applied: Resolution = { kind: 'applied', outcome: committed }
const error = { code: 'TG2104', message: 'cut short', transient: false, details: null }
const failed: Failed = {
  kind: 'failed',
  result: 'rejected',
  frozen: true,
  hold_reason: null,
  error,
  counts: true,
  quarantine: [],
  overwritten: [],
}
const newestPut = Math.max(...planned.entry.files.map((file) => file.put_at_s))
const highest = committed.files
  .map((file) => file.max_sequence ?? '')
  .sort()
  .at(-1)

describe('the item after an attempt', () => {
  it('that was applied is completed, free, and as fresh as its newest file', () => {
    const item = tableItem.parse(releasedItem(seen, attempt, applied))
    expect(item).toEqual({
      ...seen,
      revision: seen.revision + 1,
      refresh_status: 'completed',
      refresh_end_time: '2023-11-18 10:12:30',
      engine_run_id: 'jr_9',
      claim_owner: null,
      batch_id: null,
      entry_uri: null,
      attempts: 0,
      failed_attempts: 0,
      applied_max_sequence: highest,
      last_snapshot: committed.snapshot,
      last_committed_at_ms: committed.committed_at_ms,
      last_batch_id: planned.entry.batch_id,
      fresh_as_of_s: newestPut,
      hold_reason: null,
      error: null,
    })
  })

  it('never is less fresh or lower than before, and keeps the last snapshot that is known', () => {
    const ahead = {
      ...seen,
      applied_max_sequence: '9'.repeat(40),
      fresh_as_of_s: newestPut + 10,
      last_committed_at_ms: 7,
    }
    const unknown = { ...committed, snapshot: null, committed_at_ms: null }
    expect(releasedItem(ahead, attempt, { kind: 'applied', outcome: unknown })).toMatchObject({
      applied_max_sequence: '9'.repeat(40),
      fresh_as_of_s: newestPut + 10,
      last_snapshot: 's0',
      last_committed_at_ms: 7,
    })
    expect(releasedItem({ ...seen, fresh_as_of_s: null }, attempt, applied).fresh_as_of_s).toBe(newestPut)
  })

  it('that failed keeps its entry while that is frozen, and counts', () => {
    const item = tableItem.parse(releasedItem(seen, attempt, failed))
    expect(item).toEqual({
      ...seen,
      revision: seen.revision + 1,
      refresh_status: 'refresh_error',
      refresh_end_time: '2023-11-18 10:12:30',
      engine_run_id: 'jr_9',
      claim_owner: null,
      failed_attempts: 3,
      error,
    })
  })

  it('that failed and is free has no entry any more, and may not count', () => {
    expect(releasedItem(seen, attempt, { ...failed, frozen: false, counts: false })).toMatchObject({
      refresh_status: 'refresh_error',
      batch_id: null,
      entry_uri: null,
      attempts: 0,
      failed_attempts: 2,
    })
  })

  it('that holds the table says why', () => {
    const held = { ...failed, kind: 'held', hold_reason: 'job_may_have_started' } as const
    expect(releasedItem(seen, attempt, held)).toMatchObject({
      refresh_status: 'held',
      hold_reason: 'job_may_have_started',
      error,
    })
  })

  it('of an older generation changes no mark of a newer one', () => {
    const later = { ...seen, generation: seen.generation + 1, applied_max_sequence: null }
    expect(releasedItem(later, attempt, applied)).toMatchObject({
      generation: seen.generation + 1,
      applied_max_sequence: null,
    })
  })
})

describe('attempts in a row', () => {
  it('hold the table at the last one that is allowed, and not before', () => {
    expect(counted({ ...seen, failed_attempts: 3, max_attempts: 5 }, failed)).toEqual(failed)
    expect(counted({ ...seen, failed_attempts: 4, max_attempts: 5 }, failed)).toMatchObject({
      kind: 'held',
      hold_reason: 'attempts_exhausted',
      frozen: true,
      error: { code: 'TG2104', message: expect.stringContaining('cut short') },
    })
  })

  it('are not counted where the job was not at fault, or the table is held for another reason', () => {
    const last = { ...seen, failed_attempts: 4, max_attempts: 5 }
    const nobodys = { ...failed, counts: false }
    const held: Failed = { ...failed, kind: 'held', hold_reason: 'late_beyond_window' }
    expect([counted(last, nobodys), counted(last, held)]).toEqual([nobodys, held])
  })
})

describe('the history item', () => {
  const common = {
    raw_table_name: planned.table,
    glue_job_run_id: 'run-9-0',
    engine_run_id: 'jr_9',
    refresh_cadence: '10_min_refresh',
    refresh_start_time: '2023-11-14 22:13:20',
    refresh_end_time: '2023-11-18 10:12:30',
    claim_token: planned.token,
    batch_id: planned.entry.batch_id,
    attempt: planned.attempt,
    files: planned.entry.files.length,
    bytes: planned.entry.files.reduce((sum, file) => sum + file.bytes, 0),
    ended_at_ms: ENDED_MS,
    duration_ms: 90_000,
  }

  it('of what was applied has its counts', () => {
    const run = tableRun.parse(runOf(seen, attempt, applied))
    expect(run).toEqual({
      ...common,
      refresh_status: 'completed',
      result: 'committed',
      snapshot: committed.snapshot,
      hold_reason: null,
      error: null,
      error_msg: null,
      error_code: null,
      number_of_rows_inserted: 5,
      number_of_rows_updated: 4,
      number_of_rows_deleted: 3,
      rows,
    })
    expect(settledTableOf(run)).toEqual({
      table: planned.table,
      status: 'completed',
      reason: 'committed',
      rows,
      files: planned.entry.files.length,
      error: null,
    })
  })

  it('of what changed the columns says how', () => {
    const schema_changes = [{ change: 'widened', column: 'v', type: 'bigint', was: 'int' } as const]
    const outcome = { ...committed, schema_changes }
    expect(tableRun.parse(runOf(seen, attempt, { kind: 'applied', outcome })).schema_changes).toEqual(schema_changes)
  })

  it('has no more of them than an item has room for, however many columns a file brings and whatever they are called', () => {
    const added = { change: 'added', column: 'x'.repeat(5_000), type: `struct<${'y'.repeat(5_000)}:int>` } as const
    const outcome = { ...committed, schema_changes: Array.from({ length: 2_000 }, () => added) }
    const run = runOf(seen, attempt, { kind: 'applied', outcome })
    expect(JSON.stringify(run).length).toBeLessThan(100_000)
    expect(run.schema_changes).toHaveLength(100)
  })

  it('of what failed has its error under both names, and no file counts as applied', () => {
    const run = tableRun.parse(runOf(seen, { ...attempt, rows: null }, failed))
    expect(run).toEqual({
      ...common,
      refresh_status: 'refresh_error',
      result: 'rejected',
      snapshot: null,
      hold_reason: null,
      error,
      error_msg: 'cut short',
      error_code: 'TG2104',
      number_of_rows_inserted: 0,
      number_of_rows_updated: 0,
      number_of_rows_deleted: 0,
      rows: null,
    })
    expect(settledTableOf(run)).toEqual({
      table: planned.table,
      status: 'refresh_error',
      reason: 'rejected',
      rows: null,
      files: 0,
      error,
    })
  })

  it('of what holds the table tells that reason', () => {
    const held: Failed = { ...failed, kind: 'held', result: 'unknown', hold_reason: 'job_may_have_started' }
    const run = runOf(seen, attempt, held)
    expect(run).toMatchObject({ refresh_status: 'held', result: 'unknown', hold_reason: 'job_may_have_started' })
    expect(settledTableOf(run)).toMatchObject({ status: 'held', reason: 'job_may_have_started', files: 0 })
  })

  it('has no negative duration when the clocks of two Lambdas differ', () => {
    expect(runOf({ ...seen, claimed_at_ms: ENDED_MS + 5 }, attempt, applied).duration_ms).toBe(0)
  })
})
