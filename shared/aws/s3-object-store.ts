/** Objects on S3: conditional puts, heads that know an etag, listings in binary order. */
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { InputError, LedgerError } from '../errors.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { attemptsAtMost, fullJitter, type Pause } from './backoff.ts'
import { attemptsOf, nameOf, s3Error, statusOf } from './errors.ts'

export function createS3ObjectStore(client: S3Client, pause: Pause = fullJitter): ObjectStore {
  const store: ObjectStore = {
    async head(bucket, key, etag) {
      const IfMatch = etag === undefined ? {} : { IfMatch: `"${etag}"` }
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ...IfMatch }))
        return {
          etag: unquoted(found.ETag ?? ''),
          bytes: found.ContentLength ?? 0,
          put_at_s: secondsOf(found.LastModified),
          ...(found.VersionId === undefined || found.VersionId === 'null' ? {} : { version_id: found.VersionId }),
        }
      } catch (error) {
        const status = statusOf(error) // the answer to HEAD has no body, hence no error code
        if (status === 404 || status === 412) return undefined
        throw s3Error(error, `looking at ${uri(bucket, key)}`, 'read')
      }
    },

    async get(bucket, key) {
      try {
        const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        return (await found.Body?.transformToString('utf-8')) ?? ''
      } catch (error) {
        if (nameOf(error) === 'NoSuchKey') return undefined
        throw s3Error(error, `reading ${uri(bucket, key)}`, 'read')
      }
    },

    async put(bucket, key, body) {
      try {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body) }))
      } catch (error) {
        throw s3Error(error, `writing ${uri(bucket, key)}`, 'repeatable-write')
      }
    },

    // writer A   put if absent ─► written
    // writer B   put if absent ─► 412: the key is there; 409: A's put is not decided yet, so ask again
    async putIfAbsent(bucket, key, body) {
      for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
        try {
          await client.send(
            new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body), IfNoneMatch: '*' }),
          )
          return true
        } catch (error) {
          if (statusOf(error) === 412) return attemptsOf(error) > 1 && (await store.get(bucket, key)) === body
          if (statusOf(error) !== 409) throw s3Error(error, `writing ${uri(bucket, key)}`, 'write')
        }
        await pause(attempt)
      }
      throw new LedgerError(
        'TG3121',
        `writing ${uri(bucket, key)} met other writers ${attemptsAtMost} times in a row and did nothing. Try again.`,
        { certainty: 'transient' },
      )
    },

    async copy(from, to) {
      const CopySource = `${from.bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}`
      try {
        await client.send(new CopyObjectCommand({ Bucket: to.bucket, Key: to.key, CopySource }))
      } catch (error) {
        if (nameOf(error) === 'NoSuchKey') {
          throw new InputError(
            'TG2902',
            `${uri(from.bucket, from.key)} is not there, so it can't be copied. Check who deleted it.`,
            {
              cause: error,
            },
          )
        }
        throw s3Error(error, `copying ${uri(from.bucket, from.key)} to ${uri(to.bucket, to.key)}`, 'repeatable-write')
      }
    },

    async *list(bucket, prefix, startAfter) {
      for await (const { key } of store.listed(bucket, prefix, startAfter)) yield key
    },

    async *listed(bucket, prefix, startAfter) {
      const request = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' as const }
      let ContinuationToken: string | undefined
      do {
        const page = await client
          .send(
            new ListObjectsV2Command({
              ...request,
              ...(startAfter ? { StartAfter: startAfter } : {}),
              ContinuationToken,
            }),
          )
          .catch((error) => {
            throw s3Error(error, `listing ${uri(bucket, prefix)}`, 'read')
          })
        for (const { Key, ETag, Size, LastModified } of page.Contents ?? [])
          if (Key !== undefined)
            yield {
              key: urlDecoded(Key),
              etag: unquoted(ETag ?? ''),
              bytes: Size ?? 0,
              put_at_s: secondsOf(LastModified),
            }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (ContinuationToken !== undefined)
    },
  }
  return store
}

/** The stand-in has milliseconds in listings; S3's own time is whole seconds everywhere. */
const secondsOf = (lastModified: Date | undefined): number => Math.floor((lastModified?.getTime() ?? 0) / 1000)

const unquoted = (etag: string): string => etag.replace(/^"|"$/g, '')
const uri = (bucket: string, key: string): string => `\`s3://${bucket}/${key}\``

/** Listings are asked for URL-encoded, since XML has no way to say some characters that a key may have; `+` is a space there. */
const urlDecoded = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '))
