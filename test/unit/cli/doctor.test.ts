import { describe, expect, it } from 'vitest'
import { queueFindings, scheduleFindings, sources, tableFindings } from '../../../cli/lib/doctor/deployed.ts'
import { type Finding, looking } from '../../../cli/lib/doctor/finding.ts'
import type { TableStatusRow } from '../../../shared/status/row.ts'

const told = (findings: readonly Finding[]) => findings.map(({ state, says }) => `${state} ${says}`)

const row = (table: string, changes: Partial<TableStatusRow>): TableStatusRow => ({
  table,
  cadence: 'hourly',
  status: 'completed',
  reason: null,
  waiting_files: 0,
  waiting_full_files: 0,
  reload: null,
  quarantined_files: null,
  failed_attempts: null,
  max_attempts: null,
  waiting_bytes: 0,
  oldest_put_ms: null,
  last_committed_ms: null,
  fresh_as_of_ms: null,
  applied_max_sequence: null,
  snapshot: null,
  last_run: null,
  error: null,
  target: null,
  next_action: `mend ${table}`,
  ...changes,
})

describe('what the doctor finds in a deployment', () => {
  it('cadences without a schedule fail, schedules without a cadence are to be looked at', () => {
    const enabled = (...names: string[]) => new Map(names.map((name) => [name, 'enabled' as const]))
    expect(told(scheduleFindings(['hourly', 'nightly'], enabled('hourly', 'nightly')))).toEqual([
      'ok 2 schedules, one for each cadence',
    ])
    expect(told(scheduleFindings(['hourly', 'new'], enabled('hourly', 'old')))).toEqual([
      'fail cadence `new` has no schedule: nothing starts it',
      'warn schedule `old` has no cadence: its runs fail',
    ])
  })

  it('a paused cadence is named, with how to let it go on', () => {
    const states = new Map([
      ['hourly', 'enabled'],
      ['nightly', 'paused'],
    ] as const)
    const found = scheduleFindings(['hourly', 'nightly'], states)
    expect(told(found)).toEqual(['warn cadence `nightly` is paused: its files wait'])
    expect(found[0]?.mend).toBe('`tidegate resume nightly`')
  })

  it('dead letters fail, queue by queue', () => {
    const empty = { queue: 'Landing', messages: 0 }
    expect(told(queueFindings({ events_on_their_way: 3, dead_letters: [empty] }))).toEqual([
      'ok 3 events on the way to the ledger',
      'ok none in 1 queue',
    ])
    const full = queueFindings({ events_on_their_way: 0, dead_letters: [empty, { queue: 'Schedules', messages: 2 }] })
    expect(told(full)).toEqual(['ok no event on the way to the ledger', 'fail 2 messages in `Schedules`'])
    expect(full[1]?.mend).toContain('tidegate dlq list')
  })

  it('held and failed tables fail with what to do next, unknown ones are to be looked at', () => {
    const error = { code: 'TG2104', message: 'TG2104: the file is cut short' }
    const findings = tableFindings([
      row('good', {}),
      row('bad', { status: 'refresh_error', error }),
      row('stuck', { status: 'held', reason: 'name_collision' }),
      row('partly', { quarantined_files: 2 }),
      row('stranger', { status: 'unregistered', cadence: null }),
    ])
    expect(told(findings)).toEqual([
      'ok 1 table without anything to do',
      'fail `bad` refresh_error, TG2104: the file is cut short',
      'fail `stuck` held: name_collision',
      'warn `partly` goes on without 2 quarantined files',
      'warn `stranger` unregistered',
    ])
    expect(findings.map(({ mend }) => mend)).toEqual([null, 'mend bad', 'mend stuck', 'mend partly', 'mend stranger'])
  })

  it('sources that were never applied, or by another version, fail', () => {
    const applied = { contract: 'tidegate.sources/1', applied_at_ms: Date.now(), sources: {} }
    expect(sources(JSON.stringify(applied)).state).toBe('ok')
    expect(sources(undefined)).toMatchObject({ state: 'fail', says: 'no configuration is applied' })
    for (const other of ['{', JSON.stringify({ ...applied, contract: 'tidegate.sources/2' })])
      expect(sources(other)).toMatchObject({ state: 'fail', says: '`config/sources.json` is not of this version' })
  })

  it('a look that breaks is a finding, and hides no other', async () => {
    const broken = looking('queues', 'may you read it?', () => Promise.reject(new Error('AccessDenied')))
    expect(await broken).toEqual([{ about: 'queues', state: 'fail', says: 'AccessDenied', mend: 'may you read it?' }])
  })
})
