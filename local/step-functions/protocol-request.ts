/** One request of the protocol: reads its members, answers as the service does when they are not what they should be. */
import type { Json } from './ports.ts'

/** An error of the service: `type` is its name in the API reference. */
export class ApiError extends Error {
  readonly type: string

  constructor(type: string, message: string) {
    super(message)
    this.name = 'ApiError'
    this.type = type
  }
}

/** Answers one operation. Throws `ApiError`. */
export type Operation = (request: Request) => Promise<{ [key: string]: Json }> | { [key: string]: Json }

const invalid = (message: string) => new ApiError('ValidationException', message)

export class Request {
  readonly #members: { [key: string]: Json }

  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new ApiError('SerializationException', 'The request must be a JSON object.')
    this.#members = body as { [key: string]: Json }
  }

  value(name: string): Json | undefined {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined
  }

  maybeText(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string') throw invalid(`\`${name}\` must be a string.`)
    return value
  }

  text(name: string): string {
    const value = this.maybeText(name)
    if (value === undefined || value === '') throw invalid(`\`${name}\` must not be empty.`)
    return value
  }

  flag(name: string): boolean {
    return this.value(name) === true
  }

  /** Refuses members that would change what the operation does, and that nobody implemented. */
  refuse(...names: string[]): void {
    for (const name of names)
      if (this.value(name) !== undefined && this.value(name) !== null)
        throw invalid(`The local cloud does not implement \`${name}\`.`)
  }

  /** One page of a list, with `maxResults` and `nextToken`, as the member `name` of the answer. */
  page<T>(name: string, all: readonly T[], show: (item: T) => Json): { [key: string]: Json } {
    const size = this.value('maxResults') || 100
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > 1000)
      throw invalid('`maxResults` must be a whole number from 0 to 1000.')
    const from = this.#offset()
    const rest = from + size < all.length
    return {
      [name]: all.slice(from, from + size).map(show),
      ...(rest && { nextToken: Buffer.from(String(from + size)).toString('base64url') }),
    }
  }

  #offset(): number {
    const token = this.maybeText('nextToken')
    if (token === undefined) return 0
    const offset = Number(Buffer.from(token, 'base64url').toString())
    if (!Number.isInteger(offset) || offset < 1) throw new ApiError('InvalidToken', `Invalid Token: '${token}'`)
    return offset
  }
}

/** AWS' limits on names of machines and executions: 1 to 80 characters, none that an ARN or a URL gives a meaning. */
export function checkName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the service forbids exactly these
  const forbidden = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/
  if (name.length === 0 || name.length > 80 || forbidden.test(name))
    throw new ApiError('InvalidName', `Invalid Name: '${name}'`)
  return name
}

/** Epoch milliseconds as the protocol's timestamps: epoch seconds. */
export const seconds = (ms: number): number => ms / 1000
