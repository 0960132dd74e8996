/** [frozen-set] Rule 3's table, line by line: what an attempt came to, and whether its file set may change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BadFile, type Outcome, outcome } from '../../../shared/contracts/outcome.ts'
import { type PlannedTable, plannedTable } from '../../../shared/contracts/plan.ts'
import type { JobResult } from '../../../shared/contracts/runs.ts'
import { type Proof, resolve } from '../../../shared/settling/resolution.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/contracts.example.json'), 'utf8'))
const example: PlannedTable = plannedTable.parse(golden.plan.tables[0])
const TABLE = example.table

const ALONE: Proof = { unproved: false, jobs: { count: 1, over: true } }
const job = (started: JobResult['started'], more: Partial<JobResult> = {}): JobResult => ({
  started,
  id: 'jr_1',
  state: 'FAILED',
  error: null,
  ...more,
})
const planned = (attempt: number, onBadFile: 'hold' | 'quarantine' = 'hold'): PlannedTable => ({
  ...example,
  attempt,
  entry: { ...example.entry, merge: { ...example.entry.merge, on_bad_file: onBadFile } },
})
const rejected = (more: Partial<Outcome> = {}): Outcome => ({
  ...outcome.parse(golden.outcomes.rejected),
  bad_files: [],
  ...more,
})
const bad = (reason: string, more: Partial<BadFile> = {}): BadFile => ({
  file_id: example.entry.files[0]?.file_id ?? '',
  stage: 'read',
  reason,
  detail: `\`s3://staging/a.parquet\` has a fault.`,
  ...more,
})

describe('what was committed', () => {
  it.each(['committed', 'already_committed'] as const)('%s is applied, whatever is known of the job', (result) => {
    const read = { ...outcome.parse(golden.outcomes.committed), result }
    for (const started of ['yes', 'no', 'maybe'] as const)
      expect(resolve(planned(2), read, job(started), { unproved: true, jobs: undefined })).toEqual({
        kind: 'applied',
        outcome: read,
      })
  })
})

describe('what was rejected by the only job', () => {
  it.each([
    [1, 'absent', false, false],
    [1, 'unreachable', false, false],
    [2, 'absent', false, false],
    [2, 'unreachable', false, true],
    [2, 'found', false, true],
    [1, 'absent', true, true],
    [2, 'absent', true, true],
  ] as const)(
    'attempt %i, look-up %s, an unproved attempt before: %s; frozen: %s',
    (attempt, lookup, unproved, frozen) => {
      const read = rejected({ lookup })
      const resolution = resolve(planned(attempt), read, job('yes'), { ...ALONE, unproved })
      expect(resolution).toEqual({
        kind: 'failed',
        result: 'rejected',
        frozen,
        counts: true,
        quarantine: [],
        overwritten: [],
        hold_reason: null,
        error: read.error,
      })
    },
  )

  it.each([
    ['TG2301', 'late_beyond_window'],
    ['TG2302', 'late_partial_update'],
  ])('is held for what an operator must decide: %s', (code, hold_reason) => {
    const error = { code, message: 'too late', transient: false, details: null }
    expect(resolve(planned(1), rejected({ error }), job('yes'), ALONE)).toMatchObject({
      kind: 'held',
      hold_reason,
      frozen: false,
      error,
    })
  })

  it.each(['TG2221', 'TG2222'])('is held for %s, which no file is to blame for, whatever the policy', (code) => {
    const error = { code, message: 'narrowed', transient: false, details: null }
    expect(resolve(planned(1), rejected({ error }), job('yes'), ALONE)).toMatchObject({
      kind: 'held',
      hold_reason: 'schema_changed',
      frozen: false,
      quarantine: [],
    })
  })

  it('without a reason says so', () => {
    expect(resolve(planned(1), rejected({ error: null }), job('yes'), ALONE)).toMatchObject({
      error: {
        code: 'TG5305',
        message: `The job rejected the batch of \`${TABLE}\` and gave no reason. Look into its log.`,
        transient: false,
        details: null,
      },
    })
  })
})

describe('bad files', () => {
  const truncated = bad('truncated')
  const overwritten = bad('overwritten')
  const read = rejected({ lookup: 'absent', bad_files: [truncated, overwritten] })

  it('are put aside by policy, all but overwritten ones, and then the attempt does not count', () => {
    expect(resolve(planned(1, 'quarantine'), read, job('yes'), ALONE)).toMatchObject({
      quarantine: [truncated],
      overwritten: [overwritten],
      counts: false,
    })
  })

  it('stay where the policy is to hold', () => {
    expect(resolve(planned(1, 'hold'), read, job('yes'), ALONE)).toMatchObject({
      quarantine: [],
      overwritten: [overwritten],
      counts: true,
    })
  })

  it('are left alone while the set is frozen', () => {
    const resolution = resolve(planned(1, 'quarantine'), read, job('yes'), { ...ALONE, unproved: true })
    expect(resolution).toMatchObject({ frozen: true, quarantine: [], overwritten: [], counts: true })
  })

  it('that are all files of the batch, for their columns, wait: then the configuration is wrong', () => {
    const all = example.entry.files.map(({ file_id }, n) =>
      bad('columns', { file_id, detail: `\`s3://staging/${n}.parquet\` lacks the column \`x\`. Put another.` }),
    )
    const resolution = resolve(planned(1, 'quarantine'), rejected({ bad_files: all }), job('yes'), ALONE)
    expect(resolution).toMatchObject({
      quarantine: [],
      counts: true,
      error: {
        code: golden.outcomes.rejected.error.code,
        message: `All \`${all.length}\` files of the batch of \`${TABLE}\` have other columns than the table, so none is put aside by \`on_bad_file: quarantine\`: one lacks the column \`x\`. Put another. Or put a good file: the next run tries again, with what waits by then.`,
      },
    })
  })
})

describe('where another job may have committed', () => {
  it.each([
    [{ count: 2, over: true }, '`2` job runs of'],
    [{ count: 1, over: false }, '`1` job runs of'],
    [undefined, '`0` job runs of'],
  ])('a rejection with jobs %j is unknown and frozen', (jobs, text) => {
    const resolution = resolve(planned(1), rejected(), job('yes'), { unproved: false, jobs })
    expect(resolution).toMatchObject({
      kind: 'failed',
      result: 'unknown',
      frozen: true,
      counts: true,
      hold_reason: null,
      quarantine: [],
      overwritten: [],
      error: { code: 'TG5308', transient: true, message: expect.stringContaining(text) },
    })
  })
})

describe('what nobody said', () => {
  it.each([
    ['absent', 'TG5303', 'without an outcome'],
    ['unusable', 'TG5304', 'and its outcome is not usable'],
  ] as const)('%s, of a job that ended, is unknown and frozen', (read, code, text) => {
    const resolution = resolve(planned(1), read, job('yes', { state: 'TIMEOUT', error: 'killed' }), ALONE)
    expect(resolution).toMatchObject({
      kind: 'failed',
      result: 'unknown',
      frozen: true,
      counts: true,
      hold_reason: null,
    })
    expect(resolution).toMatchObject({
      error: {
        code,
        transient: true,
        message: `The job \`jr_1\` ended as \`TIMEOUT\` (\`killed\`) ${text} for \`${TABLE}\`. The next run of its cadence looks into the table whether the batch is there.`,
      },
    })
  })

  it('is told also of a job of which nothing is known', () => {
    const nothing = job('yes', { id: null, state: null })
    expect(resolve(planned(1), 'absent', nothing, ALONE)).toMatchObject({
      error: { message: expect.stringMatching(/^The job `without an id` ended as `unknown` without an outcome/) },
    })
  })

  it('by an outcome that is unknown itself keeps its own error', () => {
    const read = rejected({ result: 'unknown' })
    expect(resolve(planned(1), read, job('yes'), ALONE)).toMatchObject({
      result: 'unknown',
      frozen: true,
      error: read.error,
    })
  })
})

describe('a job that was not started', () => {
  it.each([
    [1, false],
    [2, true],
  ])('at attempt %i leaves the set frozen: %s', (attempt, frozen) => {
    expect(resolve(planned(attempt), 'absent', job('no', { error: 'Throttled' }), ALONE)).toEqual({
      kind: 'failed',
      result: 'rejected',
      frozen,
      counts: false,
      quarantine: [],
      overwritten: [],
      hold_reason: null,
      error: {
        code: 'TG5301',
        message: `No job was started for \`${TABLE}\`: \`Throttled\`. The next run of its cadence tries again; if it stays, check the job's name, rights and limits.`,
        transient: true,
        details: null,
      },
    })
  })

  it('but left something is as good as maybe, and so is maybe: held and frozen', () => {
    const cases = [
      [rejected(), job('no')],
      ['unusable', job('no')],
      ['absent', job('maybe')],
      [rejected(), job('maybe')],
    ] as const
    for (const [read, of] of cases)
      expect(resolve(planned(1), read, of, ALONE)).toEqual({
        kind: 'held',
        result: 'unknown',
        frozen: true,
        counts: false,
        quarantine: [],
        overwritten: [],
        hold_reason: 'job_may_have_started',
        error: {
          code: 'TG5302',
          message: `A job for \`${TABLE}\` may have started without our knowing: \`no reason given\`. Look for a job run whose \`--run-id\` is this run's; its files stay frozen and are safe.`,
          transient: false,
          details: null,
        },
      })
  })
})
