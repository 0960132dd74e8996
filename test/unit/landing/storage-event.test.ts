import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStorageEvent } from '../../../functions/file-manager/storage-event.ts'
import { InputError } from '../../../shared/errors.ts'
import { eventFor } from './support.ts'

const good = eventFor('in/a b+c%2B.parquet', 'e', 3)

describe('parseStorageEvent', () => {
  it('leaves the key as EventBridge delivers it', () => {
    expect(parseStorageEvent(JSON.stringify(good)).detail.object.key).toBe('in/a b+c%2B.parquet')
  })

  it.each([
    ['Invalid JSON', '{"id":'],
    ['event', 'null'],
    ['detail-type', JSON.stringify({ ...good, 'detail-type': 'Object Restore Completed' })],
    [
      'detail.object.size',
      JSON.stringify({ ...good, detail: { ...good.detail, object: { ...good.detail.object, size: -1 } } }),
    ],
    ['detail.bucket', JSON.stringify({ ...good, detail: { object: good.detail.object } })],
  ])('names what is wrong: %s', (what, body) => {
    expect(() => parseStorageEvent(body)).toThrow(what)
    expect(() => parseStorageEvent(body)).toThrow(/^TG2013: /)
  })

  it('gives an event or TG2013 for any body', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(() => parseStorageEvent(body)).toThrow(InputError)
      }),
    )
  })
})
