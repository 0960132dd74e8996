import { describe, expect, test } from 'vitest'
import { createS3Client } from '../../../shared/aws/clients.ts'
import { createS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { type Answer, type StubRequest, s3Failure, startStub } from './stub-service.ts'

async function scripted(answer: (request: StubRequest, index: number) => Answer) {
  const stub = await startStub(answer)
  const pauses: number[] = []
  const store = createS3ObjectStore(createS3Client(stub.overrides), async (attempt) => void pauses.push(attempt))
  return { store, pauses, requests: stub.requests, [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose]() }
}

const xml = (body: string): Answer => ({
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?>${body}`,
})
const empty: Answer = { headers: {}, body: '' }

describe('a conditional put', () => {
  test('that meets another one not yet decided asks again', async () => {
    await using s3 = await scripted((_, index) => (index < 2 ? s3Failure(409, 'ConditionalRequestConflict') : empty))
    expect(await s3.store.putIfAbsent('bucket', 'a', 'body')).toBe(true)
    expect(s3.pauses).toEqual([1, 2])
    expect(s3.requests.map((request) => request.headers['if-none-match'])).toEqual(['*', '*', '*'])
  })

  test('that only ever meets others is transient, and bounded', async () => {
    await using s3 = await scripted(() => s3Failure(409, 'ConditionalRequestConflict'))
    await expect(s3.store.putIfAbsent('bucket', 'a', 'body')).rejects.toMatchObject({
      code: 'TG3121',
      certainty: 'transient',
    })
    expect(s3.requests).toHaveLength(12)
  })

  test.each([
    ['our own body', 'body', true],
    ['another body', 'theirs', false],
  ])('whose answer was lost, and that finds %s there', async (_, stored, written) => {
    await using s3 = await scripted(({ method }, index) => {
      if (method === 'GET') return { headers: {}, body: stored }
      return index === 0 ? 'lost' : s3Failure(412, 'PreconditionFailed')
    })
    expect(await s3.store.putIfAbsent('bucket', 'a', 'body')).toBe(written)
  })

  test('that is refused at once has not written, whatever is there', async () => {
    await using s3 = await scripted(({ method }) =>
      method === 'GET' ? { headers: {}, body: 'body' } : s3Failure(412, 'PreconditionFailed'),
    )
    expect(await s3.store.putIfAbsent('bucket', 'a', 'body')).toBe(false)
  })

  test('whose answer is lost for good is of unknown outcome', async () => {
    await using s3 = await scripted(() => 'lost')
    await expect(s3.store.putIfAbsent('bucket', 'a', 'body')).rejects.toMatchObject({
      code: 'TG3122',
      certainty: 'unknown',
    })
  })
})

describe('a head', () => {
  test('asks for the etag in quotes, and cuts the time to seconds', async () => {
    const headers = {
      etag: '"abc"',
      'content-length': '7',
      'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT',
      'x-amz-version-id': 'v1',
    }
    await using s3 = await scripted(() => ({ headers, body: '' }))
    expect(await s3.store.head('bucket', 'a', 'abc')).toEqual({
      etag: 'abc',
      bytes: 7,
      put_at_s: 1_700_000_000,
      version_id: 'v1',
    })
    expect(s3.requests[0]?.headers['if-match']).toBe('"abc"')
  })

  test('of a bucket without versions has none', async () => {
    await using s3 = await scripted(() => ({ headers: { etag: '"abc"', 'x-amz-version-id': 'null' }, body: '' }))
    expect(await s3.store.head('bucket', 'a')).not.toHaveProperty('version_id')
  })

  test.each([
    [404, undefined],
    [412, undefined],
  ])('answered %i is no such object', async (status, found) => {
    await using s3 = await scripted(() => ({ status, headers: {}, body: '' }))
    expect(await s3.store.head('bucket', 'a', 'abc')).toBe(found)
  })

  test.each([
    [403, 'TG3120', 'terminal'],
    [503, 'TG3121', 'transient'],
  ])('answered %i is not an absent object but %s, %s', async (status, code, certainty) => {
    await using s3 = await scripted(() => ({ status, headers: {}, body: '' }))
    await expect(s3.store.head('bucket', 'a')).rejects.toMatchObject({ code, certainty })
  })
})

test('a copy names its source URL-encoded, its slashes kept', async () => {
  await using s3 = await scripted(() => xml('<CopyObjectResult><ETag>"abc"</ETag></CopyObjectResult>'))
  await s3.store.copy({ bucket: 'bucket', key: 'x/a+b c%2B é?#' }, { bucket: 'bucket', key: 'to' })
  expect(s3.requests[0]?.headers['x-amz-copy-source']).toBe('bucket/x/a%2Bb%20c%252B%20%C3%A9%3F%23')
})

test('a copy that S3 gives up after its 200 has failed', async () => {
  await using s3 = await scripted(() => xml('<Error><Code>InternalError</Code><Message>scripted</Message></Error>'))
  await expect(s3.store.copy({ bucket: 'b', key: 'a' }, { bucket: 'b', key: 'c' })).rejects.toMatchObject({
    certainty: 'transient',
  })
})

test('a listing goes on page by page and decodes what S3 encoded, a plus being a space', async () => {
  const page = (key: string, more: string) =>
    xml(
      `<ListBucketResult><EncodingType>url</EncodingType>${more}<Contents><Key>${key}</Key></Contents></ListBucketResult>`,
    )
  await using s3 = await scripted((_, index) =>
    index === 0
      ? page(
          'a+b%2B%C3%A9%01/c',
          '<IsTruncated>true</IsTruncated><NextContinuationToken>to/ken+</NextContinuationToken>',
        )
      : page('z', '<IsTruncated>false</IsTruncated>'),
  )
  const keys: string[] = []
  for await (const key of s3.store.list('bucket', 'a', 'a+')) keys.push(key)
  expect(keys).toEqual(['a b+é\u0001/c', 'z'])
  const queries = s3.requests.map(({ url }) => new URL(url, 'http://stub').searchParams)
  expect(queries.map((query) => query.get('start-after'))).toEqual(['a+', 'a+'])
  expect(queries.map((query) => query.get('continuation-token'))).toEqual([null, 'to/ken+'])
})
