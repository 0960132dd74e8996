import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fileId } from '../../../shared/contracts/primitives.ts'
import { fileIdOf, type PutObject } from '../../../shared/files/file-id.ts'

const put = { bucket: 'staging', key: 'a/b', etag: 'e1', putAtS: 1_700_000_000 }

describe('fileIdOf', () => {
  it('is the put time and the hash of a JSON array', () => {
    const hash = createHash('sha256').update('["staging","a/b","etag","e1",1700000000]').digest('hex')
    expect(fileIdOf(put)).toBe(`001700000000-${hash}`)
    expect(fileId.safeParse(fileIdOf(put)).success).toBe(true)
  })

  it.each([
    ['put time', { putAtS: 1_700_000_001 }],
    ['etag', { etag: 'e2' }],
    ['key', { key: 'a/c' }],
    ['a version', { versionId: 'e1' }],
    ['border of bucket and key', { bucket: 'staging/a', key: 'b' }],
  ])('another %s is another file', (_, other) => expect(fileIdOf({ ...put, ...other })).not.toBe(fileIdOf(put)))

  it('with a version the etag says nothing, and `null` is no version', () => {
    expect(fileIdOf({ ...put, versionId: 'v', etag: 'x' })).toBe(fileIdOf({ ...put, versionId: 'v' }))
    expect(fileIdOf({ ...put, versionId: 'null' })).toBe(fileIdOf(put))
    expect(fileIdOf({ ...put, versionId: undefined })).toBe(fileIdOf(put))
    const hash = createHash('sha256').update('["staging","a/b","version","v",1700000000]').digest('hex')
    expect(fileIdOf({ ...put, versionId: 'v' })).toBe(`001700000000-${hash}`)
  })

  it.each([-1, 0.5, Number.NaN, 1e12])('refuses %d as a time', (putAtS) => {
    expect(() => fileIdOf({ ...put, putAtS })).toThrow(`TG2012: put time \`${putAtS}\` is no time in whole seconds`)
  })

  it('takes the beginning of the epoch, and the last second of twelve digits', () => {
    expect(fileIdOf({ ...put, putAtS: 0 })).toMatch(/^000000000000-/)
    expect(fileIdOf({ ...put, putAtS: 999_999_999_999 })).toMatch(/^999999999999-/)
  })

  it('sorts by put time', () => {
    const some: fc.Arbitrary<PutObject> = fc.record({
      bucket: fc.string(),
      key: fc.string(),
      etag: fc.string(),
      putAtS: fc.integer({ min: 0, max: 999_999_999_999 }),
    })
    fc.assert(
      fc.property(some, some, (a, b) => {
        fc.pre(a.putAtS < b.putAtS)
        expect(fileIdOf(a) < fileIdOf(b)).toBe(true)
      }),
    )
  })
})
