import { beforeEach, describe, expect, it } from 'vitest'
import { landedFile } from '../../../shared/contracts/ledger.ts'
import { landFile } from '../../../shared/landing/land-file.ts'
import { eventFor, KEY, landingFixture, STAGING } from './support.ts'

let fixture: Awaited<ReturnType<typeof landingFixture>>
beforeEach(async () => {
  fixture = await landingFixture()
})
const waiting = () => fixture.memory.files.waiting('sales_orders', 100)

describe('landFile', () => {
  it('lands a file under the put time of S3', async () => {
    const event = await fixture.put()
    fixture.memory.clock.advance(5_000)
    const landing = await landFile(event, fixture.ports)

    expect(landing.result).toBe('landed')
    const [file] = await waiting()
    expect(landedFile.parse(file)).toMatchObject({
      source_table_name: 'sales_orders',
      file_ingestion_status: 'raw_file_landed',
      file_ingestion_date_time: '2023-11-18 10:10:00',
      file_ingestion_path: KEY,
      file_ingestion_s3_bucket: STAGING,
      dms_file_type: 'Full',
      schema_name: 'Sales',
      table_name: 'Orders',
      source_name: 'dms',
      bytes: 4,
      put_at_s: Date.UTC(2023, 10, 18, 10, 10) / 1000,
      landed_at_ms: Date.UTC(2023, 10, 18, 10, 10, 5),
    })
    expect(fixture.memory.signals.total('FilesLanded')).toBe(1)
  })

  it('tells change files from full loads, and keeps the version that a versioned bucket gave', async () => {
    const key = 'in/Sales/Orders/20231118-101012345.parquet'
    const event = await fixture.put(key)
    const { objects } = fixture.memory
    const head = async (...of: Parameters<typeof objects.head>) => {
      const found = await objects.head(...of)
      return found && { ...found, version_id: 'v7' }
    }
    await landFile(event, { ...fixture.ports, objects: { head } })
    const [file] = await waiting()
    expect(file).toMatchObject({ dms_file_type: 'Incremental', file_ingestion_path: key, version_id: 'v7' })

    fixture.memory.clock.advance(1_000)
    await landFile(await fixture.put(key), fixture.ports)
    expect((await waiting())[1]).not.toHaveProperty('version_id')
  })

  it('takes the same event any number of times', async () => {
    const event = await fixture.put()
    await landFile(event, fixture.ports)
    expect((await landFile(event, fixture.ports)).result).toBe('already_waiting')
    expect(await waiting()).toHaveLength(1)
  })

  it('a byte-identical file put again is a new file', async () => {
    await landFile(await fixture.put(), fixture.ports)
    fixture.memory.clock.advance(1_000)
    expect((await landFile(await fixture.put(), fixture.ports)).result).toBe('landed')
    expect(await waiting()).toHaveLength(2)
  })

  it('an object that went away, or holds other bytes now, is acknowledged and counted', async () => {
    const first = await fixture.put()
    await fixture.put(KEY, 'other rows')
    expect(await landFile(first, fixture.ports)).toEqual({ result: 'object_gone' })
    expect(await landFile(eventFor('in/a/b/LOAD00000009.csv', 'e', 1), fixture.ports)).toEqual({
      result: 'object_gone',
    })
    expect(fixture.memory.signals.total('ObjectsGone')).toBe(2)
    expect(await waiting()).toEqual([])
  })

  it('ignores what is no data, without a look at S3', async () => {
    expect(await landFile(eventFor('in/a/b/_SUCCESS', 'e', 0), fixture.ports)).toEqual({
      result: 'ignored',
      reason: 'not_data',
    })
    expect(fixture.memory.signals.total('FilesIgnored')).toBe(1)
  })

  it("refuses another bucket's event", async () => {
    await expect(landFile(eventFor(KEY, 'e', 1, 'theirs'), fixture.ports)).rejects.toMatchObject({ code: 'TG2014' })
  })
})
