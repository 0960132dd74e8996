/** What every object store must do, whatever it is made of. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { collected, newName } from './items.ts'

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8')

/** Whatever a writer may call an object: any code point that is no lone surrogate, and the characters that roads encode differently. */
const anyKey = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('a', ' ', '+', '%', '2', 'B', '/', 'é', '&', '<', '"', '?', '#', '😀'),
      minLength: 1,
      maxLength: 40,
    }),
  )
  // As last segments `.` and `..` would be the folder itself to HTTP clients; landing refuses such keys.
  .filter((key) => utf8Bytes(key) <= 900 && !key.split('/').some((part) => /^\.{0,2}$/.test(part)))

export function objectStoreContract(name: string, makeStore: () => { store: ObjectStore; bucket: string }): void {
  describe(`object store: ${name}`, () => {
    test('an object comes back as it was put, with its etag, size and time', async () => {
      const { store, bucket } = makeStore()
      const key = `${newName()}/a.json`
      expect(await store.head(bucket, key)).toBeUndefined()
      expect(await store.get(bucket, key)).toBeUndefined()
      await store.put(bucket, key, '{"é":"😀"}\n')
      expect(await store.get(bucket, key)).toBe('{"é":"😀"}\n')
      const head = await store.head(bucket, key)
      expect(head).toMatchObject({ bytes: 14, etag: expect.stringMatching(/^[0-9a-f]{32}$/) })
      expect(Number.isInteger(head?.put_at_s)).toBe(true)
      expect(await store.head(bucket, key, head?.etag)).toEqual(head)
    })

    test('an overwritten object is not there under its old etag', async () => {
      const { store, bucket } = makeStore()
      const key = newName()
      await store.put(bucket, key, 'one')
      const before = await store.head(bucket, key)
      await store.put(bucket, key, 'two')
      expect(await store.head(bucket, key, before?.etag)).toBeUndefined()
      expect((await store.head(bucket, key))?.etag).not.toBe(before?.etag)
      expect(await store.get(bucket, key)).toBe('two')
    })

    test('an empty object is an object', async () => {
      const { store, bucket } = makeStore()
      const key = newName()
      await store.put(bucket, key, '')
      expect(await store.get(bucket, key)).toBe('')
      expect(await store.head(bucket, key)).toMatchObject({ bytes: 0 })
    })

    test('32 conditional puts at once: one writes, and what it wrote stays', async () => {
      const { store, bucket } = makeStore()
      const key = newName()
      const results = await Promise.all(
        Array.from({ length: 32 }, (_, n) => store.putIfAbsent(bucket, key, `writer ${n}`)),
      )
      expect(results.filter(Boolean)).toHaveLength(1)
      expect(await store.get(bucket, key)).toBe(`writer ${results.indexOf(true)}`)
      expect(await store.putIfAbsent(bucket, key, 'late')).toBe(false)
      expect(await store.get(bucket, key)).toBe(`writer ${results.indexOf(true)}`)
    })

    test('a copy is the source byte for byte, and may be repeated', async () => {
      const { store, bucket } = makeStore()
      const [from, to] = [
        { bucket, key: `${newName()}/a+b c%2B é.json` },
        { bucket, key: `${newName()}/ü &?#.json` },
      ]
      await store.put(bucket, from.key, 'body é')
      await store.copy(from, to)
      await store.copy(from, to)
      expect(await store.get(bucket, to.key)).toBe('body é')
      expect((await store.head(bucket, to.key))?.etag).toBe((await store.head(bucket, from.key))?.etag)
    })

    test('a copy of what is not there says what is missing', async () => {
      const { store, bucket } = makeStore()
      const key = newName()
      const copying = store.copy({ bucket, key }, { bucket, key: `${key}/copy` })
      await expect(copying).rejects.toMatchObject({ code: 'TG2902' })
      await expect(copying).rejects.toThrow(`s3://${bucket}/${key}`)
      expect(await store.head(bucket, `${key}/copy`)).toBeUndefined()
    })

    test('a listing is in binary order of UTF-8, under its prefix, after a key', async () => {
      const { store, bucket } = makeStore()
      const prefix = `${newName()}/`
      // By UTF-16 units the last two would change places.
      const keys = ['A', 'a', 'a b', 'a+b', 'a/b', 'é', '\uffee', '😀'].map((key) => prefix + key)
      for (const key of keys.toReversed()) await store.put(bucket, key, key)
      await store.put(bucket, `${prefix.slice(0, -1)}0`, 'beside')
      expect(await collected(store.list(bucket, prefix))).toEqual(keys)
      expect(await collected(store.list(bucket, prefix, `${prefix}a b`))).toEqual(keys.slice(3))
      expect(await collected(store.list(bucket, prefix, `${prefix}a,`))).toEqual(keys.slice(4))
      expect(await collected(store.list(bucket, `${newName()}/`))).toEqual([])
    })

    test('a listing of more than a page is whole', async () => {
      const { store, bucket } = makeStore()
      const prefix = `${newName()}/`
      const keys = Array.from({ length: 1_050 }, (_, n) => `${prefix}${String(n).padStart(5, '0')}`)
      for (let start = 0; start < keys.length; start += 50) {
        await Promise.all(keys.slice(start, start + 50).map((key) => store.put(bucket, key, '')))
      }
      expect(await collected(store.list(bucket, prefix))).toEqual(keys)
      expect(await collected(store.list(bucket, prefix, keys[9]))).toEqual(keys.slice(10))
    })

    test('a listing says of each object what a look at it says', async () => {
      const { store, bucket } = makeStore()
      const prefix = `${newName()}/`
      for (const [key, body] of [
        ['a b', 'one'],
        ['é+', ''],
      ] as const)
        await store.put(bucket, prefix + key, body)
      const listed = await collected(store.listed(bucket, prefix))
      expect(listed.map(({ key, bytes }) => [key, bytes])).toEqual([
        [`${prefix}a b`, 3],
        [`${prefix}é+`, 0],
      ])
      for (const { key, ...seen } of listed) expect(await store.head(bucket, key)).toEqual(seen)
      expect(await collected(store.listed(bucket, prefix, `${prefix}b`))).toEqual(listed.slice(1))
    })

    test('a listing whose reader has enough is read no further', async () => {
      const { store, bucket } = makeStore()
      const prefix = `${newName()}/`
      await store.put(bucket, `${prefix}1`, '')
      await store.put(bucket, `${prefix}2`, '')
      for await (const key of store.list(bucket, prefix)) {
        expect(key).toBe(`${prefix}1`)
        break
      }
    })

    test('any key is one object: put, read, listed and copied under that very name', async () => {
      const { store, bucket } = makeStore()
      await fc.assert(
        fc.asyncProperty(anyKey, async (key) => {
          const prefix = `${newName()}/`
          await store.put(bucket, prefix + key, key)
          expect(await store.get(bucket, prefix + key)).toBe(key)
          expect((await store.head(bucket, prefix + key))?.bytes).toBe(utf8Bytes(key))
          await store.copy({ bucket, key: prefix + key }, { bucket, key: `${prefix}${key}!` })
          expect(await store.get(bucket, `${prefix}${key}!`)).toBe(key)
          expect(await collected(store.list(bucket, prefix))).toEqual([prefix + key, `${prefix}${key}!`])
        }),
        { numRuns: 150 },
      )
    })
  })
}
