/** Rule 9: events come at least once, in any order, late or never; what the ledger has in the end is what the bucket had. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ObjectCreatedEvent } from '../../../shared/contracts/event.ts'
import { landFile } from '../../../shared/landing/land-file.ts'
import { claimed, settled } from '../../contract/support/items.ts'
import { KEY, landingFixture } from './support.ts'

const dayMs = 24 * 60 * 60_000
const keyOf = (n: number): string => `in/Sales/Orders/LOAD0000000${n + 1}.parquet`

let fixture: Awaited<ReturnType<typeof landingFixture>>
beforeEach(async () => {
  fixture = await landingFixture()
})
const waiting = () => fixture.memory.files.waiting('sales_orders', 1_000)
const land = async (event: ObjectCreatedEvent) => (await landFile(event, fixture.ports)).result

async function settleAll(): Promise<void> {
  const { tables, files } = fixture.memory
  const item = claimed('sales_orders')
  await tables.replace(item, undefined)
  const moves = (await waiting()).map((file) => ({ settled: settled(file) }))
  await files.move({ table: 'sales_orders', token: item.claim_token }, moves)
}

describe('[reconcile] events are hints', () => {
  it('an event delivered again long after its file was settled changes nothing', async () => {
    const event = await fixture.put()
    await land(event)
    await settleAll()
    const [before] = await fixture.memory.files.settledFiles('sales_orders', 10)
    fixture.memory.clock.advance(300 * dayMs)
    expect([await land(event), await land(event)]).toEqual(['already_settled', 'already_settled'])
    expect(await waiting()).toEqual([])
    expect(await fixture.memory.files.settledFiles('sales_orders', 10)).toEqual([before])
    expect(fixture.memory.signals.total('FilesAlreadySettled')).toBe(2)
  })

  it('an event that is days late lands its file under the time of its put', async () => {
    const event = await fixture.put()
    const putAtS = fixture.memory.clock.now() / 1000
    fixture.memory.clock.advance(14 * dayMs)
    expect(await land(event)).toBe('landed')
    expect(await waiting()).toMatchObject([{ put_at_s: putAtS, landed_at_ms: putAtS * 1000 + 14 * dayMs }])
  })

  it('an overwritten key is a new landed file, and the late event of the old put changes nothing', async () => {
    const first = await fixture.put(KEY, 'rows')
    await land(first)
    fixture.memory.clock.advance(60_000)
    const second = await fixture.put(KEY, 'other rows')
    expect(await land(second)).toBe('landed')
    expect(await land(first)).toBe('object_gone')
    expect((await waiting()).map(({ file_ingestion_path, bytes }) => [file_ingestion_path, bytes])).toEqual([
      [KEY, 4],
      [KEY, 10],
    ])
  })

  it('an overwritten key is a new landed file also when the old one is settled', async () => {
    await land(await fixture.put(KEY, 'rows'))
    await settleAll()
    fixture.memory.clock.advance(60_000)
    expect(await land(await fixture.put(KEY, 'rows'))).toBe('landed')
    expect(await waiting()).toHaveLength(1)
  })

  it('in any order and number, events leave exactly the newest put of each key', async () => {
    const puts = fc.array(fc.record({ key: fc.nat(3), body: fc.nat(2), gapS: fc.integer({ min: 1, max: 90 }) }), {
      minLength: 1,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(puts, fc.infiniteStream(fc.nat()), async (sequence, numbers) => {
        fixture = await landingFixture()
        const events: ObjectCreatedEvent[] = []
        const newest = new Map<string, number>()
        for (const { key, body, gapS } of sequence) {
          fixture.memory.clock.advance(gapS * 1000)
          events.push(await fixture.put(keyOf(key), `body ${body}`))
          newest.set(keyOf(key), fixture.memory.clock.now() / 1000)
        }
        // Each at least once, some twice, shuffled.
        const delivered = events.flatMap((event) => ((numbers.next().value ?? 0) % 2 === 0 ? [event, event] : [event]))
        for (const [n, event] of delivered.entries()) {
          const other = (numbers.next().value ?? 0) % delivered.length
          delivered[n] = delivered[other] ?? event
          delivered[other] = event
        }
        for (const event of delivered) await land(event)
        const found = (await waiting()).map((file) => [file.file_ingestion_path, file.put_at_s] as const)
        expect(new Map(found)).toEqual(newest)
        expect(found).toHaveLength(newest.size)
      }),
    )
  })
})
