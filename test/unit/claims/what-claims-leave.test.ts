/** What claiming leaves where it does not come to a plan: a lost attempt, a hold, a claim let go; field by field and in full words. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { afterFailedAttempt } from '../../../shared/claims/attempts.ts'
import { holdOf, nameCollision, ownerGone } from '../../../shared/claims/hold.ts'
import { letGo } from '../../../shared/claims/let-go.ts'
import { lostAttempt } from '../../../shared/claims/lost-attempt.ts'
import { type TableItem, tableItem, tableRun } from '../../../shared/contracts/ledger.ts'
import { planEntry } from '../../../shared/contracts/plan.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { claimed, landed } from '../../contract/support/items.ts'
import { tableConfig } from './world.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/contracts.example.json'), 'utf8'))
const entry = planEntry.parse(golden.plan.tables[0].entry)
const T = 'hr_salaries'
const NOW = Date.UTC(2023, 10, 18, 10, 12, 30)
const error = { code: 'TG2104', message: 'cut short.', transient: false, details: null }
const seen = claimed(T, { claimed_at_ms: NOW - 60_000, failed_attempts: 1, max_attempts: 5, attempts: 2 })

describe('an attempt whose run ended unsettled', () => {
  it('leaves the entry frozen, counts, and is in the history', () => {
    const { item, run } = lostAttempt(seen, entry, 'over', NOW)
    const told = {
      code: 'TG3114',
      message: `The run \`run-1-0\` ended without settling \`${T}\`; its job is over. The next run looks into the table whether its batch is there.`,
      transient: true,
      details: null,
    }
    expect(tableItem.parse(item)).toEqual({
      ...seen,
      revision: seen.revision + 1,
      refresh_end_time: '2023-11-18 10:12:30',
      failed_attempts: 2,
      error: told,
    })
    expect(tableRun.parse(run)).toEqual({
      raw_table_name: T,
      glue_job_run_id: 'run-1-0',
      engine_run_id: null,
      refresh_cadence: '10_min_refresh',
      refresh_status: 'refresh_error',
      refresh_start_time: seen.refresh_start_time,
      refresh_end_time: '2023-11-18 10:12:30',
      result: 'unknown',
      claim_token: seen.claim_token,
      batch_id: seen.batch_id,
      attempt: 2,
      snapshot: null,
      files: entry.files.length,
      bytes: entry.files.reduce((sum, file) => sum + file.bytes, 0),
      hold_reason: null,
      error: told,
      error_msg: told.message,
      error_code: 'TG3114',
      number_of_rows_inserted: 0,
      number_of_rows_updated: 0,
      number_of_rows_deleted: 0,
      rows: null,
      ended_at_ms: NOW,
      duration_ms: 60_000,
    })
  })

  it('whose job never was counts for nothing, even when it would be the last one', () => {
    const { item, run } = lostAttempt({ ...seen, failed_attempts: 4 }, entry, 'never_started', NOW)
    expect(item).toMatchObject({ refresh_status: 'updating_table', failed_attempts: 4, hold_reason: null })
    expect(item.error?.message).toContain('its job was never started.')
    expect(run).toMatchObject({ refresh_status: 'refresh_error', hold_reason: null })
  })

  it('that was the last one holds the table', () => {
    const { item, run } = lostAttempt({ ...seen, failed_attempts: 4 }, entry, 'over', NOW)
    expect(item).toMatchObject({ refresh_status: 'held', hold_reason: 'attempts_exhausted', failed_attempts: 5 })
    expect(item).toMatchObject({ batch_id: seen.batch_id, entry_uri: seen.entry_uri, attempts: 2 })
    expect(run).toMatchObject({ refresh_status: 'held', hold_reason: 'attempts_exhausted' })
    expect(lostAttempt({ ...seen, claimed_at_ms: NOW + 9 }, entry, 'over', NOW).run.duration_ms).toBe(0)
  })
})

describe('failed attempts in a row', () => {
  it('are enough when the table’s setting says so, and the error tells how to go on', () => {
    const at = (failed_attempts: number) => afterFailedAttempt({ ...seen, failed_attempts, max_attempts: 3 }, error)
    expect(at(1)).toEqual({ failed_attempts: 2, held: false, error })
    expect(at(2)).toEqual({
      failed_attempts: 3,
      held: true,
      error: {
        ...error,
        message: `cut short. \`3\` attempts in a row ended without a commit (\`max_attempts\`), so \`${T}\` is held. Mend what is wrong, then type \`tidegate retry ${T}\`.`,
      },
    })
    expect(at(7)).toMatchObject({ failed_attempts: 8, held: true })
  })
})

describe('a hold says', () => {
  it('of an owner that is gone which run to look for', () => {
    const tail = `Look whether its job run has ended (argument \`--run-id\` = \`run-1-0\`); its files stay frozen and are safe.`
    expect(ownerGone(seen, 'job_unknown')).toEqual({
      reason: 'owner_ended_unsettled',
      error: {
        code: 'TG3101',
        message: `\`${T}\` is claimed by the run \`run-1-0\`, which ended without settling it, and whether a job of it works is not known. ${tail}`,
        transient: false,
        details: null,
      },
    })
    expect(ownerGone(seen, 'execution_unknown').error).toMatchObject({
      code: 'TG3102',
      message: `\`${T}\` is claimed by the run \`run-1-0\`, of which nobody can say whether it still runs. ${tail}`,
    })
  })

  it('what the item says, and where that is nothing, where to look', () => {
    expect(holdOf({ ...seen, hold_reason: 'name_collision', error })).toEqual({ reason: 'name_collision', error })
    expect(holdOf({ ...seen, hold_reason: null, error: null })).toEqual({
      reason: 'owner_ended_unsettled',
      error: {
        code: 'TG3105',
        message: `\`${T}\` is held. Type \`tidegate status ${T}\`.`,
        transient: false,
        details: null,
      },
    })
  })

  it('of a name that two tables share which file is whose', () => {
    const config = tableConfig('shop_orders')
    const own = landed('shop_orders', 1, { schema_name: 'SHOP', table_name: 'Orders' })
    const other = { file_ingestion_path: 'in/x.parquet', schema_name: 'sh', table_name: 'op_orders' }
    expect(nameCollision(config, [own])).toBeUndefined()
    expect(nameCollision(config, [own, { ...own, ...other }])).toMatchObject({
      reason: 'name_collision',
      error: {
        code: 'TG3104',
        message:
          '`in/x.parquet` is of schema `sh` and table `op_orders`, but the ledger key `shop_orders` is configured for `shop` and `orders`. Rename one of the two sources, or correct the configuration.',
      },
    })
    expect(nameCollision(config, [{ ...own, schema_name: 'sh' }])).toBeDefined()
    expect(nameCollision(config, [{ ...own, table_name: 'op' }])).toBeDefined()
  })
})

describe('a claim let go', () => {
  async function left(change: Partial<TableItem>, runId = 'run-1-0', token?: number) {
    const { tables, clock } = createMemoryPorts()
    await tables.replace(claimed(T, change), undefined)
    await letGo(T, runId, error, { tables, clock }, token)
    return tables.get(T)
  }

  it('before any attempt received its entry has no entry any more', async () => {
    expect(await left({ attempts: 1 })).toMatchObject({
      revision: 2,
      refresh_status: 'refresh_error',
      claim_owner: null,
      error,
      batch_id: null,
      entry_uri: null,
      attempts: 0,
    })
  })

  it('of an entry that an earlier attempt received keeps it, with one attempt less', async () => {
    const { batch_id, entry_uri } = claimed(T)
    expect(await left({ attempts: 3 })).toMatchObject({
      batch_id,
      entry_uri,
      attempts: 2,
      refresh_status: 'refresh_error',
    })
  })

  it('is this run’s and this token’s, or is left alone', async () => {
    expect(await left({}, 'run-2-0')).toEqual(claimed(T))
    expect(await left({}, 'run-1-0', 8)).toEqual(claimed(T))
    expect(await left({ refresh_status: 'refresh_error' })).toMatchObject({ revision: 1 })
    expect(await left({}, 'run-1-0', 7)).toMatchObject({ revision: 2 })
    const { tables, clock } = createMemoryPorts()
    await letGo(T, 'run-1-0', error, { tables, clock })
    expect(await tables.get(T)).toBeUndefined()
  })

  it('is let go also when somebody else wrote in between', async () => {
    const { tables, clock } = createMemoryPorts()
    await tables.replace(claimed(T), undefined)
    let others = 0
    const disturbed: typeof tables = {
      ...tables,
      replace: async (next, before, run) => {
        if (others++ === 0) await tables.replace({ ...claimed(T), revision: 2 }, claimed(T))
        return tables.replace(next, before, run)
      },
    }
    await letGo(T, 'run-1-0', error, { tables: disturbed, clock })
    expect(await tables.get(T)).toMatchObject({ revision: 3, refresh_status: 'refresh_error' })
  })
})
