/** One HTTP exchange over loopback, without `fetch`'s five-minute limit: a long poll or an invocation may take longer. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Exchange {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface ExchangeOptions {
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Ends the exchange with an AbortError. */
  signal?: AbortSignal | undefined
}

const agent = new Agent({ keepAlive: true, timeout: 60_000 }) // below the 75 s after which the other side drops an idle connection

/** Sends the request and reads the whole answer. Rejects only when there is no answer; a 500 is an answer. */
export function exchange(url: string, options: ExchangeOptions = {}): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const body = options.body === undefined ? undefined : Buffer.from(options.body as Uint8Array)
    const sent = request(url, {
      agent,
      method: options.method ?? 'GET',
      headers: { ...options.headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
