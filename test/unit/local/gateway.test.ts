import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Gateway, openGateway } from '../../../local/gateway.ts'
import { exchange } from '../../../local/http.ts'
import { ServiceError } from '../../../local/protocol.ts'
import { EngineError } from '../../../shared/errors.ts'

const open: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
})

/** An upstream that answers with what it was sent. */
async function upstream(): Promise<string> {
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () =>
      outgoing.writeHead(207, { 'X-Odd-Case': 'kept', 'content-type': 'application/json' }).end(
        JSON.stringify({
          url: incoming.url,
          method: incoming.method,
          raw: incoming.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        }),
      ),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function gateway(): Promise<Gateway> {
  const opened = await openGateway(0)
  open.push(opened)
  return opened
}

const engine = {
  owns: (operation: string) => operation !== 'GetTable',
  handler: async (operation: string, body: unknown) => {
    if (operation === 'Fail') throw new ServiceError('EntityNotFoundException', 'no job `x`')
    if (operation === 'Break') throw new TypeError('ours')
    return { status: 200, body: { operation, body } }
  },
}
const call = (endpoint: string, operation: string, body = '{}') =>
  exchange(endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': `AWSGlue.${operation}`, 'content-type': 'application/x-amz-json-1.1' },
    body,
  })

test('what an engine owns is answered by it; the rest goes on, also of the same service', async () => {
  const { serve, endpoint } = await gateway()
  serve(await upstream(), { json: { AWSGlue: engine }, rest: [] })
  const own = await call(endpoint, 'GetJob', '{"JobName":"x"}')
  expect(JSON.parse(own.body.toString())).toEqual({ operation: 'GetJob', body: { JobName: 'x' } })
  expect((await call(endpoint, 'GetTable')).status).toBe(207)
})

test('errors carry the code of the service in body and header; ours are 500', async () => {
  const { serve, endpoint } = await gateway()
  serve(await upstream(), { json: { AWSGlue: engine }, rest: [] })
  const failed = await call(endpoint, 'Fail')
  expect([failed.status, failed.headers['x-amzn-errortype']]).toEqual([400, 'EntityNotFoundException'])
  expect(JSON.parse(failed.body.toString())).toMatchObject({ __type: 'EntityNotFoundException', message: 'no job `x`' })
  expect((await call(endpoint, 'Break')).status).toBe(500)
  expect(JSON.parse((await call(endpoint, 'GetJob', '{no json')).body.toString()).__type).toBe('SerializationException')
  expect((await call(endpoint, 'GetJob', `"${'x'.repeat(9_000_000)}"`)).status).toBe(413)
})

test('path, query, header spelling, host and body pass unchanged', async () => {
  const { serve, port } = await gateway()
  serve(await upstream(), { json: {}, rest: [] })
  const path = '/bucket//a/../b%2Bc%20d/%E6%BC%A2?x-id=PutObject&X-Amz-Signature=ab%2Fc&list'
  const { status, headers, body } = await new Promise<{ status: number; headers: string[]; body: string }>(
    (resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port,
        path,
        method: 'PUT',
        headers: { Host: 'bucket.s3.local:9', 'X-Amz-Meta-Case': 'É'.normalize(), 'Content-Encoding': 'aws-chunked' },
      })
      sent.on('error', reject)
      sent.on('response', (response) => {
        let text = ''
        response
          .on('data', (chunk) => {
            text += chunk
          })
          .on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.rawHeaders, body: text }))
      })
      sent.write('4;chunk-signature=ab\r\n')
      sent.end('PAR1\r\n0;chunk-signature=cd\r\n\r\n')
    },
  )
  const seen = JSON.parse(body)
  expect(status).toBe(207)
  expect(headers).toContain('X-Odd-Case')
  expect(seen).toMatchObject({
    url: path,
    method: 'PUT',
    body: '4;chunk-signature=ab\r\nPAR1\r\n0;chunk-signature=cd\r\n\r\n',
  })
  expect(seen.raw).toEqual(
    expect.arrayContaining(['Host', 'bucket.s3.local:9', 'X-Amz-Meta-Case', 'Content-Encoding', 'aws-chunked']),
  )
})

test('REST engines are asked by path and by the service that was signed for', async () => {
  const { serve, endpoint } = await gateway()
  const rest = [
    {
      matches: (path: string, service: string) => path === '/schedules' && service === 'scheduler',
      handler: async () => ({ status: 200, body: 'ours' }),
    },
  ]
  serve(await upstream(), { json: {}, rest })
  const signed = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=x`,
  })
  expect((await exchange(`${endpoint}/schedules?MaxResults=1`, { headers: signed('scheduler') })).body.toString()).toBe(
    '"ours"',
  )
  expect((await exchange(`${endpoint}/schedules`, { headers: signed('s3') })).status).toBe(207)
  expect((await exchange(`${endpoint}/schedules`)).status).toBe(207)
})

test('before it serves, and when the emulator is gone, the answer is 503', async () => {
  const { serve, endpoint } = await gateway()
  expect((await exchange(endpoint)).status).toBe(503)
  serve('http://127.0.0.1:1', { json: {}, rest: [] })
  expect((await exchange(endpoint)).status).toBe(503)
})

test('an object that finds no room is refused as S3 would say it, however large, and nothing of it passes on', async () => {
  const limit = 1_000
  const refuse = (bytes: number) => (bytes > limit ? new EngineError('TG5103', 'the disk of `<x>` is full') : undefined)
  const opened = await openGateway(0, refuse)
  open.push(opened)
  opened.serve(await upstream(), { json: {}, rest: [] })
  const put = (body: string) => exchange(`${opened.endpoint}/bucket/key`, { method: 'PUT', body })

  const large = await put('x'.repeat(5_000_000))
  expect(large.status).toBe(507)
  expect(String(large.body)).toContain('<Code>InsufficientStorage</Code>')
  expect(String(large.body)).toContain('TG5103: the disk of `&#60;x&#62;` is full')
  expect((await put('small')).status).toBe(207)
})
