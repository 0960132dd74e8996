/** S3 as the ledger and Iceberg lean on it: conditional puts, times in whole seconds, keys as they are, streams through the gateway. */
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { account, region, sharedCloud } from './harness.ts'

const cloud = sharedCloud()
const Bucket = 'storage'

beforeAll(async () => void (await cloud.s3.send(new CreateBucketCommand({ Bucket }))))

const keys = [
  'a+b c%2B é.parquet',
  '%2B%20%%%.png',
  "it's (1)*!~.csv",
  'x//y/./z',
  '../up/../../z',
  'tab\tand;semi=colon&amp;',
  '漢字/🚀.parquet',
  'k'.repeat(1024),
]

test.each(keys)('key %j is put, headed, listed and read as it is', async (Key) => {
  const Body = `content of ${Key}`
  await cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body }))
  expect((await cloud.s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(Buffer.byteLength(Body))
  expect(await (await cloud.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()).toBe(Body)
  const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command({ Bucket }))
  expect(Contents.map((object) => object.Key)).toContain(Key)
})

test('HeadObject gives whole seconds, and a listing gives the same time when it is cut to seconds', async () => {
  await cloud.s3.send(new PutObjectCommand({ Bucket, Key: 'timed', Body: 'x' }))
  const head = (await cloud.s3.send(new HeadObjectCommand({ Bucket, Key: 'timed' }))).LastModified?.getTime() ?? 0
  const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'timed' }))
  expect(head % 1_000).toBe(0)
  expect(Math.floor((Contents[0]?.LastModified?.getTime() ?? 0) / 1_000) * 1_000).toBe(head)
})

test('of 32 puts of one new key at once, `If-None-Match: *` lets one through', async () => {
  const put = (at: number) =>
    cloud.s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: `writer ${at}`, IfNoneMatch: '*' }))
  const results = await Promise.allSettled(Array.from({ length: 32 }, (_, at) => put(at)))
  const winners = results.flatMap((result, at) => (result.status === 'fulfilled' ? [at] : []))
  expect(winners).toHaveLength(1)
  for (const result of results)
    if (result.status === 'rejected')
      expect(result.reason.name).toMatch(/PreconditionFailed|ConditionalRequestConflict/)
  expect(await (await cloud.s3.send(new GetObjectCommand({ Bucket, Key: 'once' }))).Body?.transformToString()).toBe(
    `writer ${winners[0]}`,
  )
})

test('`If-Match` with an old etag is refused', async () => {
  const { ETag: old } = await cloud.s3.send(new PutObjectCommand({ Bucket, Key: 'swapped', Body: 'one' }))
  await cloud.s3.send(new PutObjectCommand({ Bucket, Key: 'swapped', Body: 'two', IfMatch: old }))
  await expect(
    cloud.s3.send(new PutObjectCommand({ Bucket, Key: 'swapped', Body: 'three', IfMatch: old })),
  ).rejects.toMatchObject({ name: 'PreconditionFailed' })
})

test('a large body streams through the gateway both ways, in signed chunks and in parts', async () => {
  const bytes = randomBytes(24 * 1024 * 1024)
  const sha = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')
  const pieces = (function* () {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
  })()
  await cloud.s3.send(
    new PutObjectCommand({ Bucket, Key: 'large', Body: Readable.from(pieces), ContentLength: bytes.length }),
  )
  const got = await cloud.s3.send(new GetObjectCommand({ Bucket, Key: 'large' }))
  expect(sha((await got.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(sha(bytes))

  const { UploadId } = await cloud.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))
  const Parts = []
  for (const [at, part] of [bytes.subarray(0, 12_000_000), bytes.subarray(12_000_000)].entries()) {
    const PartNumber = at + 1
    const { ETag } = await cloud.s3.send(
      new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber, Body: part }),
    )
    Parts.push({ ETag, PartNumber })
  }
  await cloud.s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } }),
  )
  const range = await cloud.s3.send(new GetObjectCommand({ Bucket, Key: 'parts', Range: 'bytes=11999990-12000009' }))
  expect(
    Buffer.from((await range.Body?.transformToByteArray()) ?? []).equals(bytes.subarray(11_999_990, 12_000_010)),
  ).toBe(true)
})

test('an SDK client without path-style set works too, since the endpoint is an IP address', async () => {
  const credentials = { accessKeyId: account, secretAccessKey: 'local' }
  const plain = new S3Client({ endpoint: cloud.cloud.endpoint, region, credentials })
  await plain.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }))
  expect((await cloud.s3.send(new HeadObjectCommand({ Bucket, Key: 'plain' }))).ContentLength).toBe(1)
})

test('a body of unknown length with `Expect: 100-continue` arrives whole', async () => {
  const sent = request(`${cloud.cloud.endpoint}/${Bucket}/expected`, {
    method: 'PUT',
    headers: { expect: '100-continue', 'transfer-encoding': 'chunked' },
  })
  sent.on('continue', () => sent.end('after the continue'))
  sent.flushHeaders()
  const status = await new Promise((resolve, reject) =>
    sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject),
  )
  expect(status).toBe(200)
  expect(await (await cloud.s3.send(new GetObjectCommand({ Bucket, Key: 'expected' }))).Body?.transformToString()).toBe(
    'after the continue',
  )
})

test('only 127.0.0.1 answers: neither another loopback address nor one of the network', async () => {
  const opens = (host: string, port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ host, port, timeout: 1_000 })
      const done = (open: boolean) => resolve(open) ?? socket.destroy()
      socket
        .on('connect', () => done(true))
        .on('error', () => done(false))
        .on('timeout', () => done(false))
    })
  const others = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  )
  expect(await opens('127.0.0.1', cloud.cloud.port)).toBe(true)
  for (const host of ['127.0.0.2', ...others])
    expect([host, await opens(host, cloud.cloud.port)]).toEqual([host, false])
})
