import { describe, expect, it } from 'vitest'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import type { Evidence } from '../../../shared/operate/evidence.ts'
import { explainFile, placeOf } from '../../../shared/operate/explain/explain-file.ts'
import { holding } from '../../../shared/operate/hold.ts'
import {
  CADENCE,
  claim,
  KILLED,
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
} from '../claims/world.ts'
import { change, FIRST, keyOf, RUNNING, SECOND, SOURCES, shop, TABLE } from './explaining.ts'

const stages = (story: { steps: readonly { stage: string; state: string }[] }) =>
  story.steps.map(({ stage, state }) => `${stage} ${state}`)

describe('the story of a file', () => {
  it('that is in the table goes from the put to the snapshot', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    const { run_id } = await one.run('e1')
    const story = await one.file(FIRST)
    expect(stages(story)).toEqual(['put done', 'key done', 'event done', 'claim done', 'commit done', 'ledger done'])
    expect(story).toMatchObject({ table: TABLE, in_table: 'yes', next_action: '-' })
    expect(story.answer).toMatch(/^in the table since 2023-11-18T/)
    expect(story.steps.map(({ says }) => says).join()).toContain(`run \`${run_id}\``)
    expect(story.steps.map(({ says }) => says).join()).toContain('snapshot `snapshot-1`')
  })

  it('says how its batch changed the columns', async () => {
    const { world, lake, file } = await shop()
    await putFile(world, TABLE, FIRST, '5')
    world.executions.set(ownerOf('e1'), 'running')
    const claimed = await claim(world, 'e1')
    await runJob(world, lake, claimed)
    const schema_changes = [{ change: 'added', column: 'note', type: 'string' } as const]
    for (const planned of await plannedTables(world, claimed)) {
      const outcome = await outcomeOf(world, claimed, planned, { schema_changes })
      await putOutcome(world, outcome, { ...planned, run_id: claimed.run_id })
    }
    await settle(world, 'e1', claimed)
    expect((await file(FIRST)).steps.map(({ says }) => says).join()).toContain('added note string')
  })

  it('that waits says behind how many', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    await putFile(one.world, TABLE, SECOND, '6')
    expect((await one.file(FIRST)).answer).toContain('the oldest of its table')
    const story = await one.file(SECOND)
    expect(story).toMatchObject({ in_table: 'no', next_action: expect.stringContaining('oldest files first') })
    expect(story.answer).toBe('not yet: it waits behind 1 older file')
    expect(stages(story)).toEqual([
      'put done',
      'key done',
      'event done',
      'configuration done',
      'schedule done',
      'queue waits',
    ])
  })

  it.each([
    ['its event is on its way', { on_their_way: 2, dead: 1 }, 'wait a moment'],
    ['its event may be a dead letter', { on_their_way: 0, dead: 1 }, 'dlq list'],
    ['its event was lost', { on_their_way: 0, dead: 0 }, 'reconcile'],
  ])('that the ledger does not know, since %s', async (_, queues, next) => {
    const one = await shop({ queues })
    await one.world.objects.put(STAGING, keyOf(FIRST), '5')
    one.world.clock.advance(61_000)
    expect((await one.file(FIRST)).next_action).toContain(next)
  })

  it('whose event had no minute yet is not called lost', async () => {
    const one = await shop()
    await one.world.objects.put(STAGING, keyOf(FIRST), '5')
    expect((await one.file(FIRST)).steps.at(-1)).toMatchObject({ stage: 'event', state: 'waits' })
  })

  it('that is no table’s, and one that nobody knows', async () => {
    const one = await shop()
    await one.world.objects.put(STAGING, 'internal_staging/shop/orders/_SUCCESS', '')
    expect(await one.file('_SUCCESS')).toMatchObject({ table: null, in_table: 'no' })
    await one.world.objects.put(STAGING, 'elsewhere/orders/a.parquet', '')
    const story = await explainFileAt(one.world, 'elsewhere/orders/a.parquet')
    expect(story.answer).toContain('TG2005')
    await expect(one.file('20990101-000000000.parquet')).rejects.toMatchObject({ code: 'TG2640' })
  })

  it('whose object was deleted before it was applied must be put again', async () => {
    const one = await shop()
    const file = await putFile(one.world, TABLE, FIRST, '5')
    const { head: _, ...objects } = one.world.objects
    const story = await explainFileAt(
      { ...one.world, objects: { ...objects, head: async () => undefined } },
      file.file_ingestion_path,
    )
    expect(story.next_action).toContain('put it again')
  })

  it('whose key was put again says that the newer put stands for it, and which put it tells of', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    await putFile(one.world, TABLE, FIRST, '6')
    await one.run('e1')
    expect(await one.file(FIRST)).toMatchObject({ in_table: 'yes' })
    const [, older] = (await one.world.files.settledFiles(TABLE, 9)).toSorted((a, b) => b.put_at_s - a.put_at_s)
    expect(older).toMatchObject({ file_ingestion_status: 'raw_file_superseded' })
  })

  it('[frozen-set] in a batch whose result nobody knows says so, and the file behind it waits', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    one.world.executions.set(ownerOf('e1'), 'running')
    await settle(one.world, 'e1', await claim(one.world, 'e1'), KILLED)
    await putFile(one.world, TABLE, SECOND, '6')
    const story = await one.file(FIRST)
    expect(story.in_table).toBe('unknown')
    expect(stages(story).slice(-2)).toEqual(['claim waits', 'queue waits'])
    expect((await one.file(SECOND)).steps.at(-1)?.says).toContain('the 1 of the open batch among them')
  })
})

const explainFileAt = (world: World, key: string) =>
  explainFile(
    { bucket: STAGING, key },
    {
      ...world,
      schedules: createMemorySchedules(CADENCE),
      stagingBucket: STAGING,
      sources: async () => SOURCES,
      queues: async () => ({ on_their_way: 0, dead: 0 }),
      evidence: async () => RUNNING,
    },
  )

describe('the story of a table', () => {
  it('whose frozen entry is gone is told all the same', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    one.world.executions.set(ownerOf('e1'), 'running')
    await claim(one.world, 'e1')
    await change(one.world, (seen) => ({ ...seen, revision: seen.revision + 1, entry_uri: 's3://control/gone.json' }))
    expect(await one.table()).toMatchObject({ answer: expect.stringMatching(/^stuck: TG9304/) })
    expect((await one.file(FIRST)).next_action).toBe('restore `s3://control/gone.json`')
  })

  it('that has everything says as of when', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    await one.run('e1')
    const story = await one.table()
    expect(story).toMatchObject({ file: null, in_table: 'yes', next_action: '-' })
    expect(story.answer).toContain('as of 2023-11-18T')
    expect(story.steps.every(({ state }) => state === 'done')).toBe(true)
  })

  it('whose last run put a bad file aside goes on without it, and the file waits for a decision', async () => {
    const one = await shop()
    const config = tableConfig(TABLE)
    await one.world.config.putTable({ ...config, merge: { ...config.merge, on_bad_file: 'quarantine' } })
    await putFile(one.world, TABLE, FIRST, '5')
    const bad = await putFile(one.world, TABLE, SECOND, '6')
    one.world.executions.set(ownerOf('e1'), 'running')
    const claimed = await claim(one.world, 'e1')
    const [planned] = await plannedTables(one.world, claimed)
    if (!planned) throw new Error('was claimed')
    const rejected = await outcomeOf(one.world, claimed, planned, {
      result: 'rejected',
      snapshot: null,
      rows: null,
      files: [],
      evidence: null,
      bad_files: [{ file_id: bad.file_id, stage: 'read', reason: 'truncated', detail: 'no footer\u001b[2J' }],
      error: { code: 'TG2104', message: 'it is cut short', transient: false, details: null },
    })
    await putOutcome(one.world, rejected, { ...planned, run_id: claimed.run_id })
    await settle(one.world, 'e1', claimed)
    const claimStep = (await one.table()).steps.find(({ stage }) => stage === 'claim')
    expect(claimStep).toMatchObject({ state: 'waits', says: expect.stringContaining('put 1 file aside') })
    const story = await one.file(SECOND)
    expect(story.next_action).toContain('tidegate quarantine show')
    expect(story.answer).toContain('`read`: no footer\\u001b[2J')
    expect((await one.file(FIRST)).next_action).toContain('applies the rest')
  })

  it('that an operator holds says the reason, and how to release it', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    await one.run('e1')
    await change(one.world, (seen) => holding(seen, 'the source is being moved').after)
    const story = await one.table()
    expect(story.answer).toContain('the source is being moved')
    expect(story.next_action).toContain(`tidegate release ${TABLE}`)
  })

  it.each<[string, Evidence, string, string]>([
    ['running', RUNNING, 'not yet', 'tidegate logs'],
    [
      'over',
      { execution: 'ended', job: 'over', job_runs: [{ id: 'jr_1', state: 'FAILED' }] },
      'not yet',
      `tidegate unlock ${TABLE}`,
    ],
    ['gone, and its job is not', { execution: 'ended', job: 'at_work', job_runs: [] }, 'not yet', 'wait for the job'],
    ['of unknown state', { execution: 'unknown', job: 'unknown', job_runs: [] }, 'stuck', 'look for the job run'],
  ])('that a run has, which is %s', async (_, evidence, verdict, next) => {
    const one = await shop({ evidence })
    await putFile(one.world, TABLE, FIRST, '5')
    one.world.executions.set(ownerOf('e1'), 'running')
    await claim(one.world, 'e1')
    const story = await one.table()
    const step = story.steps.find(({ stage }) => stage === 'claim')
    expect(step?.state).toBe(verdict === 'stuck' ? 'stuck' : 'waits')
    expect(step?.next).toContain(next)
    expect(story.next_action).toBe(step?.next)
  })

  it('whose schedule is paused, or whose configuration is off or gone', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    await one.schedules.setEnabled(CADENCE, false)
    expect((await one.table()).next_action).toContain(`tidegate resume ${CADENCE}`)
    await one.world.config.putTable(tableConfig(TABLE, { is_active: 'N' }))
    expect((await one.table()).next_action).toContain('active: true')
    await one.world.config.deleteTable(CADENCE, TABLE)
    expect((await one.table()).next_action).toContain('config apply')
  })
})

it('a file is named by its URI, or by a key of the staging bucket', () => {
  expect(placeOf('s3://other/a/b.parquet', STAGING)).toEqual({ bucket: 'other', key: 'a/b.parquet' })
  expect(placeOf('in/a/b.parquet', STAGING)).toEqual({ bucket: STAGING, key: 'in/a/b.parquet' })
})
