/** A scripted AWS service on loopback: the real SDK talks real HTTP to it, and a test decides each answer. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ClientOverrides } from '../../../shared/aws/clients.ts'

// biome-ignore lint/suspicious/noExplicitAny: what the SDK sends is looked into, not modelled
export type Json = any

export interface StubRequest {
  /** `PutItem` of a JSON service; empty for S3. */
  readonly operation: string
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The body of a JSON service. */
  readonly json: () => Json
}

/** `lost`: the request was taken, and the connection breaks before an answer. */
export type Answer =
  | 'lost'
  | { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> }

/** An error as the JSON services say it. */
export const failure = (type: string, more: Record<string, unknown> = {}, status = 400): Answer => ({
  status,
  body: { __type: `com.amazonaws#${type}`, message: `${type} was scripted`, ...more },
})

/** An error as S3 says it. */
export const s3Failure = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>scripted</Message></Error>`,
})

export async function startStub(answer: (request: StubRequest, index: number) => Answer) {
  const requests: StubRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    const request: StubRequest = {
      operation:
        String(incoming.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1) ?? '',
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body,
      json: () => JSON.parse(body),
    }
    requests.push(request)
    const said = answer(request, requests.length - 1)
    if (said === 'lost') return void incoming.socket.destroy()
    outgoing.writeHead(said.status ?? 200, said.headers ?? { 'content-type': 'application/x-amz-json-1.0' })
    outgoing.end(typeof said.body === 'string' ? said.body : JSON.stringify(said.body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const overrides: ClientOverrides = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'stub', secretAccessKey: 'stub' },
    maxAttempts: 2,
  }
  return {
    overrides,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
