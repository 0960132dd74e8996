/** Calls of our own engines to the emulator: plain HTTP, no SDK, since nobody checks signatures there and start-up counts. */
import { EngineError } from '../../shared/errors.ts'
import { type Exchange, type ExchangeOptions, exchange } from '../http.ts'
import { ServiceError } from '../protocol.ts'
import { account, region } from '../toolchain.ts'

export interface EmulatorApi {
  /** One operation of a JSON service, e.g. `('AWSGlue', 'GetJob', { JobName })`. Throws ServiceError with the service's code. */
  json(
    service: string,
    operation: string,
    input: unknown,
    options?: { signal?: AbortSignal },
  ): Promise<Record<string, unknown>>
  /** Invokes a function and waits. `error` is the function's own failure; throws ServiceError when it was not run at all. */
  invoke(functionName: string, payload: string, options?: { signal?: AbortSignal }): Promise<Invocation>
  /** Invokes a function asynchronously: resolves as soon as that is accepted. Throws ServiceError when it is not. */
  invokeLater(functionArn: string, payload: string): Promise<void>
  /** The bytes of an object, `undefined` when there is none (or no bucket). */
  getObject(bucket: string, key: string): Promise<Uint8Array | undefined>
  /** Whether a REST resource of a service is there. */
  exists(path: string, service: string): Promise<boolean>
}

export interface Invocation {
  /** The response as text, which should be JSON but is the function's own. */
  payload: string
  /** True when the function threw, timed out or could not be loaded; the payload then holds `errorType` and `errorMessage`. */
  failed: boolean
}

/** What each JSON service is called in a signature; the emulator routes by it too. */
const signingNames: Record<string, string> = { AWSGlue: 'glue', AmazonSQS: 'sqs' }

/** The API of the emulator at `endpoint`. */
export function emulatorApi(endpoint: string): EmulatorApi {
  const send = async (path: string, service: string, options: ExchangeOptions): Promise<Exchange> => {
    try {
      return await exchange(`${endpoint}${path}`, {
        ...options,
        headers: { ...options.headers, authorization: authorization(service) },
      })
    } catch (cause) {
      if (options.signal?.aborted) throw cause
      throw new EngineError(
        'TG5102',
        `the emulator at \`${endpoint}\` does not answer. Look into its log, then start the local cloud again.`,
        {
          certainty: 'unknown',
          cause,
        },
      )
    }
  }
  return {
    json: async (service, operation, input, { signal } = {}) => {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${service}.${operation}` }
      const answer = await send('/', signingNames[service] ?? service.toLowerCase(), {
        method: 'POST',
        headers,
        body: JSON.stringify(input),
        signal,
      })
      if (answer.status >= 300) throw serviceError(answer)
      return parsed(answer)
    },
    invoke: async (functionName, payload, { signal } = {}) => {
      const path = `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`
      const answer = await send(path, 'lambda', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: payload,
        signal,
      })
      if (answer.status >= 300) throw serviceError(answer)
      return { payload: answer.body.toString('utf8'), failed: answer.headers['x-amz-function-error'] !== undefined }
    },
    invokeLater: async (functionArn, payload) => {
      const answer = await send(`/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`, 'lambda', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
        body: payload,
      })
      if (answer.status >= 300) throw serviceError(answer)
    },
    exists: async (path, service) => (await send(path, service, {})).status < 300,
    getObject: async (bucket, key) => {
      const answer = await send(`/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`, 's3', {})
      if (answer.status === 404) return undefined
      if (answer.status < 300) return answer.body
      throw new ServiceError(
        'S3Error',
        `\`s3://${bucket}/${key}\` cannot be read: HTTP ${answer.status}. Look into the emulator's log.`,
        answer.status,
      )
    },
  }
}

/** A signature in shape only: the emulator reads account, Region and service from it, and checks nothing. */
const authorization = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=local`

function parsed({ body }: Exchange): Record<string, unknown> {
  const text = body.toString('utf8')
  if (text === '') return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { message: text.slice(0, 500) }
  }
}

function serviceError(answer: Exchange): ServiceError {
  const body = parsed(answer)
  const type = String(body.__type ?? answer.headers['x-amzn-errortype'] ?? 'ServiceError')
  const code = type.split('#').at(-1)?.split(':')[0] ?? type
  return new ServiceError(code, String(body.message ?? body.Message ?? `HTTP ${answer.status}`), answer.status)
}
