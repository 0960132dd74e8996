/** Objects on S3, strongly consistent as S3 is since 2020. Memory, AWS: one contract suite. */
import type { EpochSeconds } from '../contracts/primitives.ts'

export interface ObjectHead {
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
  /** `LastModified`, whole seconds. */
  readonly put_at_s: EpochSeconds
  readonly version_id?: string
}

/** What a listing says of an object: no version id. */
export interface ListedObject extends Omit<ObjectHead, 'version_id'> {
  readonly key: string
}

export interface ObjectStore {
  /** Undefined if there is no such object, or (with `etag`) if the object there has another etag now. */
  head(bucket: string, key: string, etag?: string): Promise<ObjectHead | undefined>
  /** UTF-8 text, undefined if absent. */
  get(bucket: string, key: string): Promise<string | undefined>
  put(bucket: string, key: string, body: string): Promise<void>
  /** Conditional put (`If-None-Match: *`): false, and nothing written, if the key exists. */
  putIfAbsent(bucket: string, key: string, body: string): Promise<boolean>
  /** Byte for byte; throws if the source is absent. Repeating it is harmless. */
  copy(from: { bucket: string; key: string }, to: { bucket: string; key: string }): Promise<void>
  /** Keys in UTF-8 binary order, after `startAfter`. */
  list(bucket: string, prefix: string, startAfter?: string): AsyncIterable<string>
  /** The same with what a listing says of each, a page at a time: holds no more than one page. */
  listed(bucket: string, prefix: string, startAfter?: string): AsyncIterable<ListedObject>
}
