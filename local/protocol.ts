/** The two AWS wire protocols that our own engines speak: JSON by `X-Amz-Target`, and REST paths; and their errors. */
import type { IncomingHttpHeaders } from 'node:http'

/** An answer on the wire: status and a body that becomes JSON. `undefined` is an empty body. */
export interface JsonAnswer {
  status: number
  body: unknown
}

/** One operation of a JSON protocol, e.g. `StartJobRun` with its parsed input. */
export type JsonHandler = (operation: string, body: unknown) => Promise<JsonAnswer>

export interface RestRequest {
  method: string
  /** Path without the query, still encoded. */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: unknown
}
/** One REST request of a service. */
export type RestHandler = (request: RestRequest) => Promise<JsonAnswer>

/** What a service says no with: its documented code, sent as `__type` and as header. Thrown by handlers. */
export class ServiceError extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.name = code
    this.code = code
    this.status = status
  }
}

/** An object from outside; anything else becomes an empty one, so that a field is simply missing. */
export const fieldsOf = (body: unknown): Record<string, unknown> =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}

/** A required text field. Throws the service's validation error when it is missing or something else. */
export function textField(body: unknown, name: string, code = 'InvalidInputException'): string {
  const value = fieldsOf(body)[name]
  if (typeof value === 'string' && value !== '') return value
  throw new ServiceError(
    code,
    `\`${name}\` is required and must be a text, not \`${JSON.stringify(value) ?? 'missing'}\`. Send it.`,
  )
}
