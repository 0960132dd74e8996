import { beforeEach, describe, expect, it } from 'vitest'
import { landFile } from '../../../shared/landing/land-file.ts'
import { claimed, settled } from '../../contract/support/items.ts'
import { CONTROL, KEY, STAGING } from '../landing/support.ts'
import { dayMs, minuteMs, reconcileFixture } from './support.ts'

let fixture: Awaited<ReturnType<typeof reconcileFixture>>
beforeEach(async () => {
  fixture = await reconcileFixture()
})
const waiting = () => fixture.memory.files.waiting('sales_orders', 100)

/** Settles all that waits, as a run would. */
async function settleAll(): Promise<void> {
  const { tables, files } = fixture.memory
  await tables.replace(claimed('sales_orders'), undefined)
  const moves = (await waiting()).map((file) => ({ settled: settled(file) }))
  await files.move({ table: 'sales_orders', token: 7 }, moves)
}

describe('[reconcile] what no event announced is landed', () => {
  it('and is the very file that its event would have landed, however late that then comes', async () => {
    const event = await fixture.put()
    const report = await fixture.run()
    expect(report).toMatchObject({ objects: 1, landed: 1, known: 0, waiting: 1, lost: 0, complete: true, next: null })
    expect(report.examples.landed).toEqual([
      { table: 'sales_orders', key: KEY, put_at_s: Date.UTC(2023, 10, 18, 10, 10) / 1000 },
    ])
    expect(fixture.memory.signals.total('FilesReconciled')).toBe(1)
    expect((await landFile(event, fixture.ports)).result).toBe('already_waiting')
    expect(await waiting()).toHaveLength(1)
  })

  it('once, however often it runs, also twice at once', async () => {
    for (let n = 0; n < 30; n++) await fixture.put(`in/Sales/Orders/LOAD${String(n).padStart(8, '0')}.parquet`)
    const both = await Promise.all([fixture.run(), fixture.run()])
    expect(both[0].landed + both[1].landed).toBe(30)
    expect(await fixture.run()).toMatchObject({ landed: 0, known: 30 })
    expect(await waiting()).toHaveLength(30)
  })

  it('but never a settled file, also when settling and landing meet', async () => {
    await fixture.put()
    await fixture.run()
    await settleAll()
    expect(await fixture.run()).toMatchObject({ landed: 0, known: 1 })
    // The look-up saw neither ledger nor history; the transaction does.
    const blind = { ...fixture.memory.census, known: async () => new Set<string>() }
    expect(await fixture.runWith({ census: blind })).toMatchObject({ landed: 0, known: 1 })
    expect(await waiting()).toEqual([])
  })

  it('as a new file when a key was put again, also byte for byte', async () => {
    await fixture.put()
    await fixture.run()
    fixture.memory.clock.advance(1_000)
    await fixture.put()
    expect(await fixture.run()).toMatchObject({ landed: 1, lost: 1 })
    expect(await waiting()).toHaveLength(2)
  })

  it('when it goes away in the middle, it is counted', async () => {
    await fixture.put()
    const emptied = { ...fixture.memory.objects, head: async () => undefined }
    expect(await fixture.runWith({ objects: emptied })).toMatchObject({ landed: 0, gone: 1 })
  })
})

describe('what is not landed', () => {
  it('young objects are left to their events', async () => {
    await fixture.put()
    fixture.memory.clock.advance(10 * minuteMs - 1)
    expect(await fixture.run({ youngMs: 10 * minuteMs })).toMatchObject({ landed: 0, young: 1 })
    fixture.memory.clock.advance(1)
    expect(await fixture.run({ youngMs: 10 * minuteMs })).toMatchObject({ landed: 1, young: 0 })
  })

  it('objects that history may have forgotten are only counted: landing them could apply them again', async () => {
    await fixture.put()
    fixture.memory.clock.advance(400 * dayMs - 1)
    expect(await fixture.run({ dryRun: true })).toMatchObject({ landed: 1, beyond_history: 0 })
    fixture.memory.clock.advance(1)
    expect(await fixture.run()).toMatchObject({ landed: 0, beyond_history: 1 })
  })

  it('keys that landing refuses or ignores are counted under its numbers, and stop nothing', async () => {
    for (const key of [
      'elsewhere/x.parquet',
      'in/a/b/_SUCCESS',
      'in/a/b/notes.txt',
      'in/a/b/more.txt',
      'in/only.parquet',
      'in/a/b/x\u0007.csv',
      KEY,
    ])
      await fixture.put(key)
    const report = await fixture.run()
    expect(report).toMatchObject({ objects: 7, landed: 1, ignored: 1 })
    expect(report.refused.TG2009?.objects).toBe(2)
    expect(Object.keys(report.refused).sort()).toEqual(['TG2004', 'TG2005', 'TG2007', 'TG2009'])
    expect(report.refused.TG2005).toEqual({ objects: 1, example: expect.stringContaining('`elsewhere/x.parquet`') })
  })

  it('a dry run says what would be landed, and changes nothing', async () => {
    await fixture.put()
    expect(await fixture.run({ dryRun: true })).toMatchObject({ dry_run: true, landed: 1, known: 0 })
    expect(await waiting()).toEqual([])
    expect(fixture.memory.signals.total('FilesReconciled')).toBe(0)
    await fixture.run()
    expect(await fixture.run({ dryRun: true })).toMatchObject({ landed: 0, known: 1 })
  })

  it('nothing is done before the first `config apply`', async () => {
    await fixture.memory.objects.put(CONTROL, 'config/sources.json', '{}')
    await expect(fixture.run()).rejects.toMatchObject({ code: 'TG1002' })
  })
})

describe('one source, one table', () => {
  const other = 'in/Sales/Items/LOAD00000001.parquet'

  it('of a table, only its own files are looked at', async () => {
    for (const key of [KEY, other, 'in/a/b/_SUCCESS', 'elsewhere/x']) await fixture.put(key)
    expect(await fixture.run({ table: 'sales_items' })).toMatchObject({
      objects: 1,
      landed: 1,
      ignored: 0,
      refused: {},
    })
    expect(await waiting()).toEqual([])
    expect(await fixture.memory.files.waiting('sales_items', 9)).toHaveLength(1)
  })

  it('of a source, only what is under its prefix and belongs to no longer one', async () => {
    const source = { layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' } as const
    const sources = async () => ({ outer: { ...source, prefix: 'in/' }, nested: { ...source, prefix: 'in/nested/' } })
    const nested = 'in/nested/Sales/Orders/LOAD00000001.parquet'
    for (const key of [KEY, nested]) await fixture.put(key)
    const of = async (name: string) => {
      const { objects, examples } = await fixture.runWith({ sources }, { source: name })
      return [objects, examples.landed.map(({ key }) => key)]
    }
    expect(await of('outer')).toEqual([1, [KEY]])
    expect(await of('nested')).toEqual([1, [nested]])
    // Those that wait are looked at by the source that landed them.
    const looked = async (name: string) => (await fixture.runWith({ sources }, { source: name })).waiting
    expect([await looked('nested'), await looked('outer')]).toEqual([1, 1])
  })

  it('an unknown source is refused by name', async () => {
    await expect(fixture.run({ source: 'constructor' })).rejects.toMatchObject({ code: 'TG1520' })
    await expect(fixture.run({ source: 'crm' })).rejects.toThrow(
      'TG1520: there is no source `crm`; configured are `dms`. Name one of them.',
    )
    const none = { sources: async () => ({}) }
    await expect(fixture.runWith(none, { source: 'crm' })).rejects.toThrow('configured are none')
  })
})

describe('waiting files that the bucket lost', () => {
  it('are reported as gone or overwritten, and stay as they are', async () => {
    await fixture.put()
    await fixture.put('in/Sales/Orders/LOAD00000002.parquet')
    await fixture.put('in/Sales/Orders/LOAD00000003.parquet')
    await fixture.run()
    const [, second] = await waiting()
    const objects = fixture.memory.objects
    await objects.put(STAGING, 'in/Sales/Orders/LOAD00000003.parquet', 'other rows')
    const without = {
      ...objects,
      head: async (bucket: string, key: string, etag?: string) =>
        key === second?.file_ingestion_path ? undefined : objects.head(bucket, key, etag),
    }
    const report = await fixture.runWith({ objects: without })
    expect(report).toMatchObject({ lost: 2, waiting: 4, landed: 1 })
    expect(new Map(report.examples.lost.map(({ key, what }) => [key, what]))).toEqual(
      new Map([
        [second?.file_ingestion_path, 'gone'],
        ['in/Sales/Orders/LOAD00000003.parquet', 'overwritten'],
      ]),
    )
    expect(fixture.memory.signals.total('WaitingFilesLost')).toBe(2)
    expect(await waiting()).toHaveLength(4)
  })

  it('are of another version too, where the bucket has versions', async () => {
    await fixture.put()
    await fixture.run()
    const { head } = fixture.memory.objects
    const versioned = async (...of: Parameters<typeof head>) => {
      const found = await head(...of)
      return found && { ...found, version_id: 'v2' }
    }
    const report = await fixture.runWith({ objects: { ...fixture.memory.objects, head: versioned } })
    expect(report.examples.lost).toMatchObject([{ key: KEY, what: 'overwritten', table: 'sales_orders' }])
  })

  it('are told by twenty examples at most, and counted all', async () => {
    for (let n = 0; n < 30; n++) await fixture.put(`in/Sales/Orders/LOAD${String(n).padStart(8, '0')}.parquet`)
    expect((await fixture.run()).examples.landed).toHaveLength(20)
    const emptied = { ...fixture.memory.objects, head: async () => undefined }
    const report = await fixture.runWith({ objects: emptied })
    expect([report.lost, report.examples.lost.length]).toEqual([30, 20])
  })

  it('are looked at page by page until the time is over, and the report says so', async () => {
    for (let n = 0; n < 510; n++) await fixture.put(`in/Sales/Orders/LOAD${String(n).padStart(8, '0')}.parquet`)
    await fixture.run()
    const { memory } = fixture
    const seen: number[] = []
    const deadlineMs = memory.clock.now() + 1
    const census = {
      ...memory.census,
      everyWaiting: async function* () {
        memory.clock.advance(1) // after the listing
        yield* memory.census.everyWaiting()
      },
    }
    const late = await fixture.runWith({ census }, { deadlineMs, progress: (objects) => seen.push(objects) })
    expect(late).toMatchObject({ objects: 510, waiting: 500, complete: false, next: null })
    expect(seen).toEqual([510])
    expect(await fixture.run()).toMatchObject({ waiting: 510, complete: true })
  })

  it('are none when they were settled in the meantime', async () => {
    await fixture.put()
    await fixture.run()
    const seen = await waiting()
    await settleAll()
    const census = {
      ...fixture.memory.census,
      everyWaiting: async function* () {
        yield* seen
      },
    }
    const emptied = { ...fixture.memory.objects, head: async () => undefined }
    expect(await fixture.runWith({ objects: emptied, census })).toMatchObject({ waiting: 1, lost: 0 })
  })
})
