/** Stories word by word: an operator acts on what they say, so each word of them counts. */
import { describe, expect, it } from 'vitest'
import type { LandedFile, SettledFile } from '../../../shared/contracts/ledger.ts'
import { explainFile } from '../../../shared/operate/explain/explain-file.ts'
import { explainTable } from '../../../shared/operate/explain/explain-table.ts'
import type { ExplainPorts } from '../../../shared/operate/explain/ports.ts'
import { holding } from '../../../shared/operate/hold.ts'
import { CADENCE, claim, item, KILLED, ownerOf, putFile, STAGING, settle, tableConfig } from '../claims/world.ts'
import { change, FIRST, keyOf, linesOf, SECOND, shop, TABLE } from './explaining.ts'

const THIRD = '20231118-121012345.parquet'

/** Two files, of which the first is in the table. */
async function oneOfTwo() {
  const one = await shop()
  await putFile(one.world, TABLE, FIRST, '5')
  await one.run('e1')
  await putFile(one.world, TABLE, SECOND, '6')
  return one
}

/** An open batch with the first of three files: given out once, its result unknown. */
async function openBatchOfThree() {
  const one = await shop()
  await putFile(one.world, TABLE, FIRST, '5')
  one.world.executions.set(ownerOf('e1'), 'running')
  const claimed = await claim(one.world, 'e1')
  await settle(one.world, 'e1', claimed, KILLED)
  await putFile(one.world, TABLE, SECOND, '6')
  await putFile(one.world, TABLE, THIRD, '7')
  return one
}

/** What the ledger says of settled files is changed, as another course of things would have written it. */
function portsWith({ ports }: Awaited<ReturnType<typeof shop>>, to: Partial<SettledFile>): ExplainPorts {
  const { files } = ports
  const changed = (file: SettledFile): SettledFile => ({ ...file, ...to })
  return {
    ...ports,
    files: {
      ...files,
      settled: async (table, id) => files.settled(table, id).then((file) => file && changed(file)),
      settledFiles: async (table, limit) => (await files.settledFiles(table, limit)).map(changed),
      quarantined: async (table, limit) =>
        to.file_ingestion_status === 'raw_file_quarantined'
          ? (await files.settledFiles(table, limit)).map(changed)
          : [],
    },
  }
}
const ofFirst = (ports: ExplainPorts) => explainFile({ bucket: STAGING, key: keyOf(FIRST) }, ports)
/** What the story of the first file ends with. */
const endOf = async (one: Awaited<ReturnType<typeof shop>>, to: Partial<SettledFile>) =>
  linesOf(await ofFirst(portsWith(one, to))).at(-1)
const withoutObjects = (ports: ExplainPorts): ExplainPorts => ({
  ...ports,
  objects: { ...ports.objects, head: async () => undefined },
})

describe('the story of a table, word by word', () => {
  it('that nobody knows', async () => {
    const one = await shop()
    await one.world.config.deleteTable(CADENCE, TABLE)
    expect(linesOf(await one.table())).toMatchInlineSnapshot(`
      [
        "configuration stuck | no configuration has \`shop_orders\`: its files wait | → add the table, then \`tidegate config apply FILE\`",
        "event done | no events of any table are on their way to the ledger, none are dead letters",
        "queue done | no file waits",
      ]
    `)
  })

  it('that never had a file', async () => {
    const one = await shop()
    const story = await one.table()
    expect(linesOf(story)).toMatchInlineSnapshot(`
      [
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`10_min_refresh\`, into \`raw.shop_orders\`",
        "schedule done | the schedule of \`10_min_refresh\` starts runs",
        "event done | no events of any table are on their way to the ledger, none are dead letters",
        "queue done | no file waits",
      ]
    `)
    expect(story.answer).toBe('everything that landed is in it')
  })

  it('that has one file, and waits for another', async () => {
    const one = await oneOfTwo()
    const story = await one.table()
    expect(linesOf(story)).toMatchInlineSnapshot(`
      [
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`10_min_refresh\`, into \`raw.shop_orders\`",
        "schedule done | the schedule of \`10_min_refresh\` starts runs",
        "event done | no events of any table are on their way to the ledger, none are dead letters",
        "queue waits | 2023-11-18T10:10:01.000Z | 1 file waits; the oldest is \`internal_staging/shop/orders/20231118-111012345.parquet\` | → nothing: the next runs of its cadence take the oldest files first",
        "claim done | no run has \`shop_orders\`",
        "job done | 2023-11-18T10:10:01.000Z | last run \`e1-1-0\`: committed, 1 file",
        "commit done | 2023-11-18T10:10:01.000Z | snapshot \`snapshot-1\`, up to sequence \`5\`",
      ]
    `)
    expect([story.answer, story.next_action]).toMatchInlineSnapshot(`
      [
        "not yet: 1 file waits; the oldest is \`internal_staging/shop/orders/20231118-111012345.parquet\`",
        "nothing: the next runs of its cadence take the oldest files first",
      ]
    `)
  })

  it('whose last run failed, with a batch that is open and two files behind it', async () => {
    const one = await openBatchOfThree()
    expect(linesOf(await one.table())).toMatchInlineSnapshot(`
      [
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`10_min_refresh\`, into \`raw.shop_orders\`",
        "schedule done | the schedule of \`10_min_refresh\` starts runs",
        "event done | no events of any table are on their way to the ledger, none are dead letters",
        "queue waits | 2023-11-18T10:10:00.000Z | 3 files wait, 1 of them in the open batch \`4cdc5daf0900\`; the oldest is \`internal_staging/shop/orders/20231118-101012345.parquet\` | → nothing: the next runs of its cadence take the oldest files first",
        "claim waits | run \`e1-1-0\` failed, 1 in a row (5 hold the table); its batch \`4cdc5daf0900\` stays as it is until that is known: The job \`jr_1\` ended as \`TIMEOUT\` (\`killed\`) without an outcome for \`shop_orders\`. The next run of its cadence looks into the table whether the batch is there. | → \`tidegate run 10_min_refresh\` or the next cadence tries again",
        "job done | 2023-11-18T10:10:01.000Z | last run \`e1-1-0\`: unknown, 1 file, TG5303",
        "commit done | nothing was committed yet",
      ]
    `)
  })

  it('whose one file is in the open batch', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    one.world.executions.set(ownerOf('e1'), 'running')
    await claim(one.world, 'e1')
    expect(linesOf(await one.table())).toMatchInlineSnapshot(`
      [
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`10_min_refresh\`, into \`raw.shop_orders\`",
        "schedule done | the schedule of \`10_min_refresh\` starts runs",
        "event done | no events of any table are on their way to the ledger, none are dead letters",
        "queue waits | 2023-11-18T10:10:00.000Z | 1 file waits, in the open batch \`4cdc5daf0900\`; the oldest is \`internal_staging/shop/orders/20231118-101012345.parquet\` | → nothing: the next runs of its cadence take the oldest files first",
        "claim waits | 2023-11-18T10:10:01.000Z | run \`e1-1-0\` has \`shop_orders\`, attempt 1: its execution still runs; job run jr_1 RUNNING | → nothing; \`tidegate logs e1-1-0\` shows what it does",
        "commit done | nothing was committed yet",
      ]
    `)
  })

  it('both of whose files are in the open batch', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    await putFile(one.world, TABLE, SECOND, '6')
    one.world.executions.set(ownerOf('e1'), 'running')
    await claim(one.world, 'e1')
    expect(linesOf(await one.table())[3]).toContain('2 files wait, all of them in the open batch')
  })

  it('whose last run failed for a reason that must be mended, or for none, or without a batch', async () => {
    const one = await openBatchOfThree()
    const claimOf = async () => linesOf(await one.table()).find((line) => line.startsWith('claim'))
    const error = { code: 'TG2201', message: 'column `v` is gone', transient: false, details: null }
    await change(one.world, (seen) => ({ ...seen, revision: seen.revision + 1, error }))
    expect(await claimOf()).toMatchInlineSnapshot(
      `"claim stuck | run \`e1-1-0\` failed, 1 in a row (5 hold the table); its batch \`4cdc5daf0900\` stays as it is until that is known: column \`v\` is gone | → mend what the error says; \`tidegate run 10_min_refresh\` or the next cadence tries again"`,
    )
    await change(one.world, (seen) => ({ ...seen, revision: seen.revision + 1, error: null }))
    expect(await claimOf()).toMatchInlineSnapshot(
      `"claim waits | run \`e1-1-0\` failed, 1 in a row (5 hold the table); its batch \`4cdc5daf0900\` stays as it is until that is known: it gave no reason | → \`tidegate run 10_min_refresh\` or the next cadence tries again"`,
    )
    await change(one.world, (seen) => ({ ...seen, revision: seen.revision + 1, batch_id: null, entry_uri: null }))
    expect(await claimOf()).toMatchInlineSnapshot(
      `"claim waits | run \`e1-1-0\` failed, 1 in a row (5 hold the table): it gave no reason | → \`tidegate run 10_min_refresh\` or the next cadence tries again"`,
    )
  })

  it('that is held, paused or switched off, and whose queues have letters', async () => {
    const one = await shop({ queues: { on_their_way: 3, dead: 2 } })
    await putFile(one.world, TABLE, FIRST, '5')
    await one.run('e1')
    await one.schedules.setEnabled(CADENCE, false)
    await one.world.config.putTable(tableConfig(TABLE, { is_active: 'N' }))
    await change(one.world, (seen) => ({ ...holding(seen, 'the source is being moved').after, error: null }))
    expect(linesOf(await one.table())).toMatchInlineSnapshot(`
      [
        "configuration stuck | cadence \`10_min_refresh\`, into \`raw.shop_orders\`, but switched off | → set \`active: true\`, then \`tidegate config apply FILE\`",
        "schedule stuck | the schedule of \`10_min_refresh\` is paused | → \`tidegate resume 10_min_refresh\`, or \`tidegate run 10_min_refresh\` once",
        "event done | 3 events of any table are on their way to the ledger, 2 are dead letters | → \`tidegate dlq list\`",
        "queue done | no file waits",
        "claim stuck | held, \`held_by_operator\`: nobody said why | → when what its error says is settled: \`tidegate release shop_orders\`",
        "job done | 2023-11-18T10:10:01.000Z | last run \`e1-1-0\`: committed, 1 file",
        "commit done | 2023-11-18T10:10:01.000Z | snapshot \`snapshot-1\`, up to sequence \`5\`",
      ]
    `)
  })

  it('whose cadence was never deployed, and of which a file is in quarantine', async () => {
    const one = await oneOfTwo()
    const cadence = { ...(await one.world.config.cadence(CADENCE)), refresh_cadence: 'hourly' }
    await one.world.config.deleteTable(CADENCE, TABLE)
    await one.world.config.putCadence(cadence as Parameters<typeof one.world.config.putCadence>[0])
    await one.world.config.putTable(tableConfig(TABLE, { refresh_cadence: 'hourly' }))
    const ports = portsWith(one, { file_ingestion_status: 'raw_file_quarantined' })
    expect(linesOf(await explainTable(TABLE, ports))).toMatchInlineSnapshot(`
      [
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`hourly\`, into \`raw.shop_orders\`",
        "schedule stuck | \`hourly\` has no schedule | → deploy with the configuration file that has it",
        "event done | no events of any table are on their way to the ledger, none are dead letters",
        "queue waits | 2023-11-18T10:10:01.000Z | 1 file waits; the oldest is \`internal_staging/shop/orders/20231118-111012345.parquet\` | → nothing: the next runs of its cadence take the oldest files first",
        "claim done | no run has \`shop_orders\`",
        "job done | 2023-11-18T10:10:01.000Z | last run \`e1-1-0\`: committed, 1 file",
        "commit done | 2023-11-18T10:10:01.000Z | snapshot \`snapshot-1\`, up to sequence \`5\`",
        "ledger stuck | 1 file quarantined: the table goes on without the changes | → \`tidegate quarantine list shop_orders\`",
      ]
    `)
  })
})

describe('the story of a file, word by word', () => {
  it('that is in the table', async () => {
    const one = await oneOfTwo()
    const story = await one.file(FIRST)
    expect(linesOf(story)).toMatchInlineSnapshot(`
      [
        "put done | 2023-11-18T10:10:00.000Z | on the bucket, 1 byte, etag \`e4da3b7fbbce2345d7772b0674a318d5\`",
        "key done | change file of \`shop_orders\`, by source \`operational\`",
        "event done | 2023-11-18T10:10:00.000Z | in the ledger as \`001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`",
        "claim done | run \`e1-1-0\`, batch \`4cdc5daf0900\`",
        "commit done | snapshot \`snapshot-1\`, 1 row",
        "ledger done | 2023-11-18T10:10:01.000Z | settled",
      ]
    `)
    expect(story.answer).toMatchInlineSnapshot(`"in the table since 2023-11-18T10:10:01Z"`)
  })

  it('that an operator released and had applied again, whose object and whose run are gone', async () => {
    const one = await oneOfTwo()
    const ports = portsWith(one, {
      released_at_ms: 1_700_302_300_000,
      backfilled_at_ms: 1_700_302_400_000,
      glue_job_run_id: 'another-run',
      rows: 2,
    })
    expect(linesOf(await ofFirst(withoutObjects(ports)))).toMatchInlineSnapshot(`
      [
        "put done | 2023-11-18T10:10:00.000Z | the object is not on the bucket any more",
        "key done | change file of \`shop_orders\`, by source \`operational\`",
        "event done | 2023-11-18T10:10:00.000Z | in the ledger as \`001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`",
        "ledger done | 2023-11-18T10:11:40.000Z | an operator released it from quarantine",
        "ledger done | 2023-11-18T10:13:20.000Z | an operator had it applied again (\`backfill\`)",
        "claim done | run \`another-run\`, batch \`4cdc5daf0900\`",
        "commit done | snapshot \`that its history no longer has\`, 2 rows",
        "ledger done | 2023-11-18T10:10:01.000Z | settled",
      ]
    `)
  })

  it('of which the ledger knows neither rows nor run nor batch', async () => {
    const one = await oneOfTwo()
    const unknown = { rows: undefined, glue_job_run_id: undefined, batch_id: undefined } as Partial<SettledFile>
    expect(linesOf(await ofFirst(portsWith(one, unknown))).slice(3)).toMatchInlineSnapshot(`
      [
        "claim done | run \`unknown\`, batch \`unknown\`",
        "commit done | snapshot \`that its history no longer has\`",
        "ledger done | 2023-11-18T10:10:01.000Z | settled",
      ]
    `)
  })

  it('of a full load that nobody knows to be on its way', async () => {
    const one = await shop({ queues: { on_their_way: 0, dead: 2 } })
    await one.world.objects.put(STAGING, keyOf('LOAD00000001.parquet'), '5')
    one.world.clock.advance(61_000)
    expect(linesOf(await one.file('LOAD00000001.parquet'))).toMatchInlineSnapshot(`
      [
        "put done | 2023-11-18T10:10:00.000Z | on the bucket, 1 byte, etag \`e4da3b7fbbce2345d7772b0674a318d5\`",
        "key done | full-load file of \`shop_orders\`, by source \`operational\`",
        "event stuck | not in the ledger, but 2 dead letters may be its event | → \`tidegate dlq list\`, then replay",
      ]
    `)
  })

  it.each([
    ['on its way', 2, 61_000, 'event waits | not in the ledger yet; 2 events are on their way | → wait a moment'],
    ['too young', 0, 59_000, 'event waits | not in the ledger yet; 0 events are on their way | → wait a moment'],
    [
      'lost',
      0,
      61_000,
      'event stuck | not in the ledger, and no event is on its way: it was lost | → `tidegate reconcile` lands what no event announced',
    ],
  ])('whose event is %s', async (_, on_their_way, age, says) => {
    const one = await shop({ queues: { on_their_way, dead: 0 } })
    await one.world.objects.put(STAGING, keyOf(FIRST), '5')
    one.world.clock.advance(age)
    expect(linesOf(await one.file(FIRST)).slice(2)).toEqual([says])
  })

  it('that is superseded, with a reason and without', async () => {
    const one = await oneOfTwo()
    const superseded = { file_ingestion_status: 'raw_file_superseded' } as const
    expect(await endOf(one, { ...superseded, reason: 'overwritten' })).toMatchInlineSnapshot(
      `"ledger ended | 2023-11-18T10:10:01.000Z | superseded, \`overwritten\`: a newer put or load stands for it"`,
    )
    expect(await endOf(one, { ...superseded, reason: undefined } as Partial<SettledFile>)).toMatchInlineSnapshot(
      `"ledger ended | 2023-11-18T10:10:01.000Z | superseded, \`for no known reason\`: a newer put or load stands for it"`,
    )
  })

  it('that is in quarantine, with a note and without, and given up', async () => {
    const one = await oneOfTwo()
    const aside = { file_ingestion_status: 'raw_file_quarantined' } as const
    const note = { stage: 'read', detail: 'no footer', discarded_at_ms: null } as SettledFile['quarantine']
    expect(await endOf(one, { ...aside, quarantine: note } as Partial<SettledFile>)).toMatchInlineSnapshot(
      `"ledger stuck | 2023-11-18T10:10:01.000Z | quarantined at \`read\`: no footer | → \`tidegate quarantine show 001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`, then put a good file, release or discard it"`,
    )
    const discarded = { ...note, discarded_at_ms: 1_700_302_300_000 }
    expect(await endOf(one, { ...aside, quarantine: discarded } as Partial<SettledFile>)).toMatchInlineSnapshot(
      `"ledger ended | 2023-11-18T10:10:01.000Z | quarantined at \`read\`: no footer; an operator gave its changes up"`,
    )
    expect(await endOf(one, { ...aside, reason: 'truncated' } as Partial<SettledFile>)).toMatchInlineSnapshot(
      `"ledger stuck | 2023-11-18T10:10:01.000Z | quarantined at \`an unknown stage\`: truncated | → \`tidegate quarantine show 001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`, then put a good file, release or discard it"`,
    )
    expect(await endOf(one, { ...aside, reason: undefined } as Partial<SettledFile>)).toMatchInlineSnapshot(
      `"ledger stuck | 2023-11-18T10:10:01.000Z | quarantined at \`an unknown stage\`: for no known reason | → \`tidegate quarantine show 001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`, then put a good file, release or discard it"`,
    )
  })

  it('that waits in the open batch, given out once and twice, and those behind it', async () => {
    const one = await openBatchOfThree()
    expect(linesOf(await one.file(FIRST)).slice(2)).toMatchInlineSnapshot(`
      [
        "event done | 2023-11-18T10:10:00.000Z | in the ledger as \`001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`",
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`10_min_refresh\`, into \`raw.shop_orders\`",
        "schedule done | the schedule of \`10_min_refresh\` starts runs",
        "claim waits | run \`e1-1-0\` failed, 1 in a row (5 hold the table); its batch \`4cdc5daf0900\` stays as it is until that is known: The job \`jr_1\` ended as \`TIMEOUT\` (\`killed\`) without an outcome for \`shop_orders\`. The next run of its cadence looks into the table whether the batch is there. | → \`tidegate run 10_min_refresh\` or the next cadence tries again",
        "queue waits | it is in the open batch \`4cdc5daf0900\`, given out once: nothing else is applied before it | → \`tidegate runs shop_orders\` shows the attempts",
      ]
    `)
    await change(one.world, (seen) => ({ ...seen, revision: seen.revision + 1, attempts: 2 }))
    expect(linesOf(await one.file(FIRST)).at(-1)).toMatchInlineSnapshot(
      `"queue waits | it is in the open batch \`4cdc5daf0900\`, given out 2 times: nothing else is applied before it | → \`tidegate runs shop_orders\` shows the attempts"`,
    )
    expect(linesOf(await one.file(SECOND)).at(-1)).toMatchInlineSnapshot(
      `"queue waits | it waits behind 1 older file, the 1 of the open batch among them | → nothing: the next runs of its cadence take the oldest files first"`,
    )
    expect(linesOf(await one.file(THIRD)).at(-1)).toMatchInlineSnapshot(
      `"queue waits | it waits behind 2 older files, the 1 of the open batch among them | → nothing: the next runs of its cadence take the oldest files first"`,
    )
  })

  it('that was put twice is the put that is there; when none is, the last that waits', async () => {
    const one = await shop()
    await putFile(one.world, TABLE, FIRST, '5')
    const second = await putFile(one.world, TABLE, FIRST, '66')
    await putFile(one.world, TABLE, SECOND, '7')
    const eventOf = (lines: string[]) => lines.find((line) => line.startsWith('event'))
    expect(eventOf(linesOf(await one.file(FIRST)))).toContain(second.file_id)
    const gone = await ofFirst(withoutObjects(one.ports))
    expect(eventOf(linesOf(gone))).toContain(second.file_id)
    expect(linesOf(gone)[0]).toMatchInlineSnapshot(
      `"put stuck | 2023-11-18T10:10:01.000Z | the object is not on the bucket any more | → put it again as it was: its changes are in no table"`,
    )
  })

  it('that is no file of a table, or nobody’s', async () => {
    const one = await shop()
    await one.world.objects.put(STAGING, keyOf('_SUCCESS'), '')
    const success = await one.file('_SUCCESS')
    expect(linesOf(success).at(-1)).toMatchInlineSnapshot(`"key ended | no table's file: not_data"`)
    expect([success.in_table, success.next_action]).toEqual(['no', '-'])
    await one.world.objects.put(STAGING, 'elsewhere/a.parquet', '')
    const elsewhere = await explainFile({ bucket: STAGING, key: 'elsewhere/a.parquet' }, one.ports)
    expect(linesOf(elsewhere).at(-1)).toMatchInlineSnapshot(
      `"key stuck | TG2005: \`elsewhere/a.parquet\` is under no configured prefix (\`internal_staging/\`): add a source, or move the file | → put it where a source expects it; its event is a dead letter"`,
    )
  })

  it('while a run has its table', async () => {
    const one = await shop()
    const file: LandedFile = await putFile(one.world, TABLE, FIRST, '5')
    one.world.executions.set(ownerOf('e1'), 'running')
    await claim(one.world, 'e1')
    expect((await item(one.world)).attempts).toBe(1)
    expect(linesOf(await one.file(file.file_ingestion_path.split('/').at(-1) ?? ''))).toMatchInlineSnapshot(`
      [
        "put done | 2023-11-18T10:10:00.000Z | on the bucket, 1 byte, etag \`e4da3b7fbbce2345d7772b0674a318d5\`",
        "key done | change file of \`shop_orders\`, by source \`operational\`",
        "event done | 2023-11-18T10:10:00.000Z | in the ledger as \`001700302200-9968ed3eb31d91bf78c15c1ca6250c1bfb42cf0cd060eada342a71818d9b277b\`",
        "configuration done | 1970-01-01T00:00:00.000Z | cadence \`10_min_refresh\`, into \`raw.shop_orders\`",
        "schedule done | the schedule of \`10_min_refresh\` starts runs",
        "claim waits | 2023-11-18T10:10:01.000Z | run \`e1-1-0\` has \`shop_orders\`, attempt 1: its execution still runs; job run jr_1 RUNNING | → nothing; \`tidegate logs e1-1-0\` shows what it does",
        "queue waits | it is in the open batch \`4cdc5daf0900\`, given out once: nothing else is applied before it | → \`tidegate runs shop_orders\` shows the attempts",
      ]
    `)
  })
})
