/** Objects in memory, with S3's answers: etags, whole-second put times, conditional puts, binary order of keys. */
import { hash } from 'node:crypto'
import { InputError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ObjectHead, ObjectStore } from '../ports/object-store.ts'
import { createMemoryClock } from './clock.ts'
import { byUtf8, inner } from './state.ts'

/** Its head is made when it is asked for: most documents are only read. */
class StoredObject {
  readonly body: string
  readonly #putAtS: number
  #head: ObjectHead | undefined

  constructor(body: string, putAtS: number) {
    this.body = body
    this.#putAtS = putAtS
  }

  get head(): ObjectHead {
    this.#head ??= { etag: hash('md5', this.body), bytes: Buffer.byteLength(this.body), put_at_s: this.#putAtS }
    return this.#head
  }
}

export function createMemoryObjectStore(clock: Clock = createMemoryClock()): ObjectStore {
  const buckets = new Map<string, Map<string, StoredObject>>()

  const write = (bucket: string, key: string, body: string): void => {
    inner(buckets, bucket).set(key, new StoredObject(body, Math.floor(clock.now() / 1000)))
  }

  const sorted = (bucket: string, prefix: string, startAfter?: string) =>
    [...inner(buckets, bucket)]
      .filter(([key]) => key.startsWith(prefix) && (startAfter === undefined || byUtf8(key, startAfter) > 0))
      .sort(([one], [other]) => byUtf8(one, other))

  return {
    head: async (bucket, key, etag) => {
      const head = inner(buckets, bucket).get(key)?.head
      return head && (etag === undefined || etag === head.etag) ? { ...head } : undefined
    },
    get: async (bucket, key) => inner(buckets, bucket).get(key)?.body,
    put: async (bucket, key, body) => write(bucket, key, body),
    putIfAbsent: async (bucket, key, body) => {
      if (inner(buckets, bucket).has(key)) return false
      write(bucket, key, body)
      return true
    },
    copy: async (from, to) => {
      const source = inner(buckets, from.bucket).get(from.key)
      if (!source) {
        throw new InputError(
          'TG2902',
          `\`s3://${from.bucket}/${from.key}\` is not there, so it can't be copied. Check who deleted it.`,
        )
      }
      write(to.bucket, to.key, source.body)
    },
    list: async function* (bucket, prefix, startAfter) {
      for (const [key] of sorted(bucket, prefix, startAfter)) yield key
    },
    listed: async function* (bucket, prefix, startAfter) {
      for (const [key, { head }] of sorted(bucket, prefix, startAfter)) {
        const { version_id: _, ...seen } = head
        yield { key, ...seen }
      }
    },
  }
}
