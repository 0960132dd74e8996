/** The one port that users, functions and Spark see: our engines answer for their services, all else streams to the emulator. */
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import { ConfigurationError, messageOf, type TidegateError } from '../shared/errors.ts'
import { type JsonAnswer, type JsonHandler, type RestHandler, ServiceError } from './protocol.ts'

/** Which of our engines answers for what. What is not named here goes to the emulator, unchanged. */
export interface Routes {
  /** By the service part of `X-Amz-Target`, e.g. `AWSStepFunctions`; `undefined` passes the operation on. */
  json: Record<string, { handler: JsonHandler; owns(operation: string): boolean }>
  /** By path; the first that matches answers. */
  rest: { matches(path: string, service: string): boolean; handler: RestHandler }[]
}

export interface Gateway {
  readonly endpoint: string
  readonly port: number
  /** Says where to send what and starts answering: until then, every request gets 503. */
  serve(emulatorEndpoint: string, routes: Routes): void
  /** Takes no more requests and hangs up on those at work. */
  stop(): Promise<void>
}

const largestJsonBody = 8 * 1024 * 1024

/** Why an object of so many bytes can't be put, or undefined. */
export type RefusePut = (bytes: number) => TidegateError | undefined

/** Binds 127.0.0.1 at once, so that the port is known before the emulator starts. Throws TG1102 when the port is taken. */
export async function openGateway(port: number, refusePut: RefusePut = () => undefined): Promise<Gateway> {
  let serving: { emulator: URL; routes: Routes } | undefined
  const agent = new Agent({ keepAlive: true, timeout: 60_000 }) // below the 75 s after which the other side drops an idle connection
  const server = createServer((incoming, outgoing) => {
    if (serving === undefined)
      return answer(outgoing, {
        status: 503,
        body: { __type: 'ServiceUnavailable', message: 'The local cloud is starting. Try again.' },
      })
    // The emulator keeps objects on disk, and would answer 200 for one that it could not write.
    const refused = incoming.method === 'PUT' ? refusePut(Number(incoming.headers['content-length'] ?? 0)) : undefined
    if (refused !== undefined) return refusePutting(incoming, outgoing, refused)
    route(incoming, outgoing, serving.emulator, serving.routes, agent).catch((error: unknown) =>
      refuse(outgoing, error),
    )
  })
  server.requestTimeout = 0 // a put of many gigabytes may take its time
  server.keepAliveTimeout = 75_000
  await listen(server, port)
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    endpoint: `http://127.0.0.1:${bound}`,
    serve: (emulatorEndpoint, routes) => {
      serving = { emulator: new URL(emulatorEndpoint), routes }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        agent.destroy()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new ConfigurationError(
          'TG1102',
          `port \`${port}\` on 127.0.0.1 cannot be opened (${cause.code}). Choose another with \`--port\`, or stop what uses it.`,
          {
            cause,
          },
        ),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
}

async function route(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  emulator: URL,
  routes: Routes,
  agent: Agent,
): Promise<void> {
  const target = incoming.headers['x-amz-target']
  if (typeof target === 'string') {
    const [service = '', operation = ''] = target.split('.', 2)
    const engine = Object.hasOwn(routes.json, service) ? routes.json[service] : undefined
    if (engine?.owns(operation)) return answer(outgoing, await engine.handler(operation, await jsonBody(incoming)))
  }
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?', 2) // not `URL`: keys with `..` and `//` stay as they are
  const rest = routes.rest.find((candidate) => candidate.matches(path, signedService(incoming)))
  if (rest !== undefined) {
    const request = {
      method: incoming.method ?? 'GET',
      path,
      query: new URLSearchParams(query),
      headers: incoming.headers,
      body: await jsonBody(incoming),
    }
    return answer(outgoing, await rest.handler(request))
  }
  passOn(incoming, outgoing, emulator, agent)
}

/** The service that the caller signed for: REST paths of two services can be alike, e.g. `/schedules` and a bucket of that name. */
function signedService(incoming: IncomingMessage): string {
  return /Credential=[^/]*\/\d{8}\/[^/]*\/([^/]+)\/aws4_request/.exec(incoming.headers.authorization ?? '')?.[1] ?? ''
}

/** Bytes, headers and their spelling go both ways as they are; the body is never held, so presigned and chunked puts stay intact. */
function passOn(incoming: IncomingMessage, outgoing: ServerResponse, emulator: URL, agent: Agent): void {
  const upstream = httpRequest({
    host: emulator.hostname,
    port: emulator.port,
    method: incoming.method,
    path: incoming.url,
    headers: forwarded(incoming.rawHeaders),
    agent,
    setHost: false,
  })
  upstream.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, forwarded(response.rawHeaders))
    pipeline(response, outgoing, () => undefined) // either side hanging up ends the other
  })
  upstream.on('error', (error) =>
    refuse(outgoing, new ServiceError('ServiceUnavailable', `the emulator does not answer: ${messageOf(error)}`, 503)),
  )
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) upstream.destroy()
  })
  pipeline(incoming, upstream, () => undefined)
}

/** All headers but those of one hop; `Expect` too, which our own server has already answered. */
function forwarded(raw: string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = raw.slice(at, at + 2)
    if (!/^(connection|keep-alive|expect|upgrade)$/i.test(name)) kept.push(name, value)
  }
  return kept
}

async function jsonBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > largestJsonBody)
      throw new ServiceError(
        'RequestEntityTooLargeException',
        `a request body over \`${largestJsonBody}\` bytes. Send less.`,
        413,
      )
    chunks.push(chunk)
  }
  if (bytes === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new ServiceError('SerializationException', `the request body is not JSON: ${messageOf(cause)}. Send JSON.`)
  }
}

function answer(outgoing: ServerResponse, { status, body }: JsonAnswer): void {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
  outgoing
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'content-length': bytes.length,
      ...errorType(status, body),
    })
    .end(bytes)
}

/** REST services name their error in a header, JSON ones in the body: we send both. */
function errorType(status: number, body: unknown): Record<string, string> {
  if (status < 400 || typeof body !== 'object' || body === null || !('__type' in body)) return {}
  return { 'x-amzn-errortype': String(body.__type) }
}

/** As S3 says it: 507, which no SDK tries again by itself. After the body, since a client that still sends does not listen. */
function refusePutting(incoming: IncomingMessage, outgoing: ServerResponse, { message }: TidegateError): void {
  const text = message.replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`)
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>InsufficientStorage</Code><Message>${text}</Message></Error>`
  const headers = { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) }
  incoming.once('end', () => outgoing.writeHead(507, headers).end(body)).resume()
}

function refuse(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent) return void outgoing.destroy()
  const known = error instanceof ServiceError
  const code = known ? error.code : 'InternalServerException'
  answer(outgoing, {
    status: known ? error.status : 500,
    body: { __type: code, message: messageOf(error), Message: messageOf(error) },
  })
}
