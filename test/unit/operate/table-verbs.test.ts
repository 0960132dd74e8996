import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HoldReason, holdReason, type TableItem, tableItem } from '../../../shared/contracts/ledger.ts'
import { TidegateError } from '../../../shared/errors.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { type Evidence, mayStillWrite } from '../../../shared/operate/evidence.ts'
import { holding } from '../../../shared/operate/hold.ts'
import { releasing } from '../../../shared/operate/release.ts'
import { retrying } from '../../../shared/operate/retry.ts'
import { doVerb, itemOf, type Preview } from '../../../shared/operate/table-verb.ts'
import { unlocking } from '../../../shared/operate/unlock.ts'
import { verbFor } from '../../../shared/operate/verb-for.ts'
import { claimed } from '../../contract/support/items.ts'

const OVER: Evidence = { execution: 'ended', job: 'over', job_runs: [{ id: 'jr_1', state: 'TIMEOUT' }] }
const TABLE = 'hr_salaries'
const itemWith = (change: Partial<TableItem> = {}): TableItem => tableItem.parse(claimed(TABLE, change))
const free = { batch_id: null, entry_uri: null, attempts: 0, claim_owner: null }
const done: Partial<TableItem> = { ...free, refresh_status: 'completed', last_committed_at_ms: 5 }
const failed: Partial<TableItem> = {
  refresh_status: 'refresh_error',
  claim_owner: null,
  error: { code: 'TG2101', message: 'no Parquet', transient: false, details: null },
}
const held = (reason: HoldReason): Partial<TableItem> => ({ ...failed, refresh_status: 'held', hold_reason: reason })

const verbs = {
  hold: (item: TableItem) => holding(item, 'the source is being moved'),
  release: releasing,
  retry: retrying,
  unlock: (item: TableItem) => unlocking(item, OVER, false),
} satisfies Record<Exclude<Preview['verb'], 'reload'>, (item: TableItem) => Preview>

type Verb = keyof typeof verbs
const verbNames = Object.keys(verbs) as Verb[]

function world(change: Partial<TableItem>) {
  let ids = 0
  const ports = { ...createMemoryPorts(), newId: () => String(++ids), who: 'ada@laptop' }
  const put = () => ports.tables.replace(itemWith(change), undefined)
  return { ports, put }
}

/** What the verb makes of an item that is so. */
async function left(verb: Verb, change: Partial<TableItem>) {
  const { ports, put } = world(change)
  await put()
  const seen = await itemOf(TABLE, ports)
  await doVerb(verbs[verb](seen), 'because', ports)
  return { seen, now: await itemOf(TABLE, ports), audit: await ports.audit.recent(9) }
}

describe('each verb is for some states, and says which verb is for the others', () => {
  const states: [string, Partial<TableItem>, Verb[]][] = [
    ['completed', done, ['hold']],
    ['refresh_error', failed, ['hold', 'retry']],
    ['updating_table', {}, ['unlock']],
    ...holdReason.options.map((reason): [string, Partial<TableItem>, Verb[]] => [
      `held: ${reason}`,
      held(reason),
      [verbFor[reason]],
    ]),
  ]
  it.each(states)('%s', async (state, change, allowed) => {
    for (const verb of verbNames) {
      const item = itemWith(change)
      if (allowed.includes(verb)) expect(verbs[verb](item).after.revision).toBe(item.revision + 1)
      else expect(() => verbs[verb](item)).toThrow(`\`${TABLE}\` is \`${state}\``)
    }
  })

  it('a table that was never claimed has no item to write', async () => {
    const { ports } = world({})
    await expect(itemOf(TABLE, ports)).rejects.toMatchObject({ code: 'TG3301' })
  })
})

describe('[frozen-set] what a verb leaves', () => {
  it.each([
    ['hold', failed],
    ['release', held('full_load_put_again')],
    ['retry', failed],
    ['unlock', {}],
    ['unlock', held('owner_ended_unsettled')],
  ] as const)('%s: token, entry and what is applied stay as they are', async (verb, change) => {
    const { seen, now } = await left(verb, change)
    const { refresh_status: _, hold_reason: __, error: ___, claim_owner: ____, revision, ...rest } = now
    expect(revision).toBe(seen.revision + 1)
    expect(seen).toMatchObject(rest)
    expect(now.claim_owner).toBeNull()
  })

  it('hold keeps the reason where runs and `status` show it, and release takes it away again', async () => {
    const { ports, put } = world(done)
    await put()
    await doVerb(verbs.hold(await itemOf(TABLE, ports)), 'because', ports)
    const holdOf = await itemOf(TABLE, ports)
    expect(holdOf).toMatchObject({ refresh_status: 'held', hold_reason: 'held_by_operator' })
    expect(holdOf.error?.message).toContain('the source is being moved')
    await doVerb(verbs.release(holdOf), null, ports)
    expect(await itemOf(TABLE, ports)).toMatchObject({ refresh_status: 'completed', hold_reason: null, error: null })
  })

  it('release and retry keep the last error, for the next claim reads it', async () => {
    expect((await left('release', held('name_collision'))).now.error?.code).toBe('TG2101')
    const { now } = await left('retry', { ...failed, failed_attempts: 4 })
    expect(now).toMatchObject({ error: { code: 'TG2101' }, failed_attempts: 0 })
  })
})

describe('[evidence] unlock', () => {
  const job = (state: string) => [{ id: 'jr_1', state }]
  it.each<[string, Evidence]>([
    ['its execution still runs', { execution: 'running', job: 'over', job_runs: job('FAILED') }],
    ['nobody can say whether its execution still runs', { execution: 'unknown', job: 'over', job_runs: job('FAILED') }],
    ['job run jr_1 RUNNING', { execution: 'ended', job: 'at_work', job_runs: job('RUNNING') }],
    [
      'job run jr_1 FAILED, job run jr_2 STOPPING',
      { execution: null, job: 'at_work', job_runs: [...job('FAILED'), { id: 'jr_2', state: 'STOPPING' }] },
    ],
    ['no job run with its `--run-id` is found', { execution: 'ended', job: 'unknown', job_runs: [] }],
  ])('refuses without force when %s', (words, evidence) => {
    expect(() => unlocking(itemWith(), evidence, false)).toThrow(words)
    expect(unlocking(itemWith(), evidence, true).after.error?.message).toContain(`by force, `)
  })

  it('[frozen-set] remembers a run that was unlocked by force, and none whose end is known', () => {
    const locked = itemWith({ unproved_runs: ['run-0-0'] })
    expect(unlocking(locked, OVER, true).after.unproved_runs).toEqual(['run-0-0'])
    const unknown: Evidence = { execution: 'ended', job: 'unknown', job_runs: [] }
    expect(unlocking(locked, unknown, true).after.unproved_runs).toEqual(['run-0-0', 'run-1-0'])
  })

  it.each<[boolean, Evidence, number]>([
    [true, { execution: 'running', job: 'over', job_runs: job('FAILED') }, 30],
    [true, { execution: 'ended', job: 'at_work', job_runs: job('RUNNING') }, 30],
    [true, { execution: 'ended', job: 'unknown', job_runs: [] }, 11],
    [false, { execution: 'ended', job: 'unknown', job_runs: [] }, 12],
    [false, { execution: 'unknown', job: 'over', job_runs: job('FAILED') }, 0],
    [false, { execution: 'unknown', job: 'never_started', job_runs: [] }, 0],
  ])(
    'of a table with a single writer: force is forbidden %s when %o, %d days after the claim',
    (forbidden, evidence, days) => {
      const item = itemWith()
      expect(mayStillWrite(evidence, item, item.claimed_at_ms + days * 86_400_000)).toBe(forbidden)
      const force = () => unlocking(item, evidence, true, forbidden)
      if (forbidden) expect(force).toThrow(/^TG3307: .*`tidegate unlock/)
      // What is known to have ended need not be waited for again.
      else expect(force().after).toMatchObject({ refresh_status: 'refresh_error', unproved_runs: item.unproved_runs })
    },
  )

  it('does not remember more runs than an item has room for', () => {
    const full = itemWith({ unproved_runs: Array.from({ length: 20 }, (_, n) => `run-${n + 2}-0`) })
    expect(() => unlocking(full, { execution: 'ended', job: 'unknown', job_runs: [] }, true)).toThrow('TG3306')
  })

  it('goes by the job runs alone once settling has let the claim go', () => {
    const item = itemWith(held('job_may_have_started'))
    expect(
      unlocking(item, { execution: null, job: 'over', job_runs: job('SUCCEEDED') }, false).after.refresh_status,
    ).toBe('refresh_error')
  })
})

describe('in the middle of something else', () => {
  it('a verb whose table was written since the preview changes nothing, and says what the table is now', async () => {
    const { ports, put } = world(done)
    await put()
    const preview = verbs.hold(await itemOf(TABLE, ports))
    const now = itemWith({ revision: 2 })
    await ports.tables.replace(now, preview.before)
    await expect(doVerb(preview, 'because', ports)).rejects.toThrow(/TG3302.*`completed`.*`updating_table`/)
    expect(await itemOf(TABLE, ports)).toEqual(now)
    expect(await ports.audit.recent(9)).toMatchObject([{ verb: 'hold', target: TABLE, result: 'failed' }])
  })

  it('leaves one audit item, with who, why, from what to what', async () => {
    const { audit } = await left('unlock', {})
    expect(audit).toMatchObject([
      {
        verb: 'unlock',
        target: TABLE,
        who: 'ada@laptop',
        reason: 'because',
        result: 'done',
        details: { from: 'updating_table', to: 'refresh_error', run: 'run-1-0', token: 7 },
      },
    ])
  })
})

/** Any item that the ledger can hold, as far as verbs look at it. */
const anyItem = fc
  .record({
    revision: fc.integer({ min: 1, max: 9 }),
    refresh_status: fc.constantFrom('updating_table', 'completed', 'refresh_error', 'held'),
    hold_reason: fc.constantFrom(null, ...holdReason.options),
    claim_owner: fc.constantFrom(null, 'arn:owner'),
    batch_id: fc.constantFrom(null, 'sha256:a'),
    attempts: fc.nat(9),
    failed_attempts: fc.nat(9),
    unproved_runs: fc.subarray(['run-0-0', 'run-1-0', 'run-2-0']),
    unproved_since_ms: fc.constantFrom(undefined, 5),
    last_committed_at_ms: fc.constantFrom(null, 5),
  })
  .map((change) => itemWith({ ...change, entry_uri: change.batch_id === null ? null : 's3://control/entry.json' }))
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  execution: fc.constantFrom(null, 'running', 'ended', 'unknown'),
  job: fc.constantFrom('at_work', 'over', 'never_started', 'unknown'),
  job_runs: fc.constant([]),
})

it('[frozen-set] whatever the item, a verb refuses by number, or leaves entry, token, attempts and what is applied alone', () =>
  fc.assert(
    fc.property(anyItem, anyEvidence, fc.boolean(), fc.constantFrom(...verbNames), (item, evidence, force, name) => {
      let preview: Preview
      try {
        preview = name === 'unlock' ? unlocking(item, evidence, force) : verbs[name](item)
      } catch (error) {
        expect(error).toBeInstanceOf(TidegateError)
        return
      }
      const {
        refresh_status,
        hold_reason,
        error: _,
        claim_owner,
        unproved_runs,
        unproved_since_ms,
        failed_attempts,
        // When the source truncated it, for as long as that holds the table, and that it is decided.
        truncated_at_s: __,
        truncation_over_s: ___,
        ...rest
      } = preview.after
      expect({ ...item, revision: item.revision + 1 }).toMatchObject(rest)
      // Nobody forgets a run that may still commit, and nobody but `unlock` takes a table from one.
      expect(unproved_runs).toEqual(expect.arrayContaining(item.unproved_runs))
      if (unproved_runs.length > item.unproved_runs.length) expect(unproved_since_ms).toBeUndefined()
      if (item.refresh_status === 'updating_table') expect(name).toBe('unlock')
      expect(refresh_status === 'held').toBe(name === 'hold')
      expect(hold_reason === null).toBe(name !== 'hold')
      expect(failed_attempts).toBe(name === 'retry' ? 0 : item.failed_attempts)
      if (name !== 'hold') expect(claim_owner).toBeNull()
      expect(tableItem.parse(preview.after)).toEqual(preview.after)
    }),
    { numRuns: 500 },
  ))
