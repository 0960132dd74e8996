/** What an operator reads: of each verb its effects, and of each refusal why and what to type instead. */
import { describe, expect, it } from 'vitest'
import { type HoldReason, type TableItem, tableItem } from '../../../shared/contracts/ledger.ts'
import type { Evidence } from '../../../shared/operate/evidence.ts'
import { holding } from '../../../shared/operate/hold.ts'
import { releasing } from '../../../shared/operate/release.ts'
import { retrying } from '../../../shared/operate/retry.ts'
import { moved, stateOf } from '../../../shared/operate/table-verb.ts'
import { isLocked, unlocking } from '../../../shared/operate/unlock.ts'
import { claimed } from '../../contract/support/items.ts'

const OVER: Evidence = { execution: 'ended', job: 'over', job_runs: [{ id: 'jr_1', state: 'TIMEOUT' }] }
const UNKNOWN: Evidence = { execution: 'ended', job: 'unknown', job_runs: [] }
const T = 'hr_salaries'
const FROZEN =
  'its open batch stays frozen: the next claim issues the very same files, and the job first looks whether the table has them'
const FREE = 'no batch is open: the next claim chooses among all waiting files'
const item = (change: Partial<TableItem> = {}): TableItem => tableItem.parse(claimed(T, change))
const free = { batch_id: null, entry_uri: null, attempts: 0, claim_owner: null }
const completed = item({ ...free, refresh_status: 'completed', last_committed_at_ms: 5 })
const failed = item({ refresh_status: 'refresh_error', claim_owner: null })
const held = (hold_reason: HoldReason, more: Partial<TableItem> = {}) =>
  item({ refresh_status: 'held', hold_reason, claim_owner: null, ...more })
const said = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('was not refused')
}

describe('hold', () => {
  it('says what it comes to, and leaves its reason and how it ends', () => {
    const { verb, effects, after } = holding(completed, 'the source is moved')
    expect([verb, effects]).toEqual(['hold', ['no run touches it until it is released', FREE]])
    expect(after.error).toEqual({
      code: 'TG3310',
      message: `\`${T}\` is held by an operator: the source is moved. When that is settled: \`tidegate release ${T}\`.`,
      transient: false,
      details: null,
    })
    expect(holding(failed, 'x').effects[1]).toBe(FROZEN)
  })

  it('is refused for a table that is held, or that a run works on', () => {
    expect(said(() => holding(held('name_collision'), 'x'))).toBe(
      `TG3303: \`${T}\` is \`held: name_collision\`: no run touches it anyway. \`tidegate explain ${T}\` says why.`,
    )
    expect(said(() => holding(item(), 'x'))).toBe(
      `TG3303: \`${T}\` is \`updating_table\`: the run \`run-1-0\` works on it. Hold it when that run has ended; \`tidegate pause\` keeps its cadence from starting another.`,
    )
  })
})

describe('release', () => {
  it('says what it comes to', () => {
    const { verb, effects } = releasing(held('late_beyond_window'))
    expect([verb, effects]).toEqual(['release', ['the next run of its cadence takes it up', FROZEN]])
  })

  it('of an operator’s hold leaves a table as it was: completed only if nothing is open and something was committed', () => {
    const status = (more: Partial<TableItem>) => releasing(held('held_by_operator', more)).after.refresh_status
    expect(status({ ...free, last_committed_at_ms: 5 })).toBe('completed')
    expect(status({ ...free, last_committed_at_ms: null })).toBe('refresh_error')
    expect(status({ last_committed_at_ms: 5 })).toBe('refresh_error')
    expect(releasing(held('name_collision', { ...free, last_committed_at_ms: 5 })).after.refresh_status).toBe(
      'refresh_error',
    )
  })

  it('is refused where there is no hold, or one that ends otherwise', () => {
    expect(said(() => releasing(failed))).toBe(
      `TG3304: \`${T}\` is \`refresh_error\`: there is no hold to end. Look with \`tidegate status ${T}\`.`,
    )
    expect(said(() => releasing(held('attempts_exhausted')))).toBe(
      `TG3304: \`${T}\` is \`held: attempts_exhausted\`: that hold ends with \`retry\`. Type \`tidegate retry ${T}\`.`,
    )
    expect(said(() => releasing(held('job_may_have_started')))).toContain('that hold ends with `unlock`')
  })

  it('takes a hold without a reason, which an older version may have left', () => {
    const { hold_reason: _, ...rest } = held('name_collision')
    expect(releasing({ ...rest, hold_reason: null }).after).toMatchObject({
      refresh_status: 'refresh_error',
      claim_owner: null,
    })
  })
})

describe('retry', () => {
  it('says what it comes to', () => {
    const { verb, effects } = retrying(held('attempts_exhausted', free))
    expect(verb).toBe('retry')
    expect(effects).toEqual(['the next run of its cadence tries it again, and its failed attempts count from 0', FREE])
  })

  it('is refused where nothing failed, or another verb is due', () => {
    expect(said(() => retrying(completed))).toBe(
      `TG3305: \`${T}\` is \`completed\`: nothing of it failed. Look with \`tidegate status ${T}\`.`,
    )
    expect(said(() => retrying(held('held_by_operator')))).toBe(
      `TG3305: \`${T}\` is \`held: held_by_operator\`: that hold ends with \`release\`. Type \`tidegate release ${T}\`.`,
    )
    const { hold_reason: _, ...rest } = held('name_collision')
    expect(said(() => retrying({ ...rest, hold_reason: null }))).toContain('`tidegate release hr_salaries`')
  })
})

describe('unlock', () => {
  it('says what it comes to, and what it rests on', () => {
    const { verb, effects, after } = unlocking(item(), OVER, false)
    expect([verb, effects]).toEqual(['unlock', ['its run `run-1-0` can settle nothing any more', FROZEN]])
    expect(after).toMatchObject({ refresh_status: 'refresh_error', hold_reason: null, claim_owner: null })
    expect(after.error).toMatchObject({
      code: 'TG3311',
      message: `\`${T}\` was unlocked by an operator (its execution ended; job run jr_1 TIMEOUT). The next run of its cadence looks whether the batch of \`run-1-0\` is in the table.`,
    })
    expect(unlocking(item(), OVER, true).after.error?.message).not.toContain('by force')
  })

  it('is refused where nothing is locked, and names the verb that is due', () => {
    expect(said(() => unlocking(completed, OVER, true))).toBe(
      `TG3306: \`${T}\` is \`completed\`: no run has a lock on it. Look with \`tidegate status ${T}\`.`,
    )
    expect(said(() => unlocking(held('attempts_exhausted'), OVER, true))).toBe(
      `TG3306: \`${T}\` is \`held: attempts_exhausted\`: no run has a lock on it. Type \`tidegate retry ${T}\`.`,
    )
    expect([isLocked(item()), isLocked(failed), isLocked(held('owner_ended_unsettled'))]).toEqual([true, false, true])
  })

  it('without evidence is refused, and says how it is done all the same', () => {
    expect(said(() => unlocking(item(), UNKNOWN, false))).toBe(
      `TG3306: \`${T}\` is \`updating_table\`: it is not known that its run \`run-1-0\` is over (its execution ended; no job run with its \`--run-id\` is found). Wait until it is, or end it; \`--force --reason TEXT\` unlocks all the same, and then make sure that no job of that run still works.`,
    )
  })

  it('by force has room for twenty runs, and says so at the next one', () => {
    const runs = (count: number) => Array.from({ length: count }, (_, n) => `run-${n + 2}-0`)
    expect(unlocking(item({ unproved_runs: runs(19) }), UNKNOWN, true).after.unproved_runs).toHaveLength(20)
    expect(said(() => unlocking(item({ unproved_runs: runs(20) }), UNKNOWN, true))).toContain(
      '20 of its runs were unlocked by force already, and none is known to have ended. Look for their job runs first.',
    )
  })
})

it('a table that changed since the preview is told as it was and as it is', () => {
  expect([stateOf(item()), stateOf(failed), stateOf(held('name_collision'))]).toEqual([
    'updating_table',
    'refresh_error',
    'held: name_collision',
  ])
  const now = (found: TableItem | undefined) => moved('hold', completed, found).message
  expect(now(item())).toBe(
    `TG3302: \`${T}\` was \`completed\` when \`hold\` looked, and it or its files changed since: now it is \`updating_table\`. Nothing was changed; look with \`tidegate status ${T}\` and decide again.`,
  )
  expect(now(undefined)).toContain('now it is `gone`')
})
