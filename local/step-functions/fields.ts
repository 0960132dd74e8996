/** Reads one JSON object of a definition strictly: a field that nobody asked for is refused, not ignored. */
import { DefinitionRefused } from './errors.ts'
import type { Json } from './ports.ts'

export class Fields {
  readonly path: string
  readonly #values: { [key: string]: Json }

  /** Throws `DefinitionRefused` when the value is no object, or has a field outside `allowed`. `Comment` is always allowed. */
  constructor(value: Json | undefined, path: string, allowed: readonly string[]) {
    this.path = path
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new DefinitionRefused(path, 'must be an object.')
    for (const key of Object.keys(value))
      if (key !== 'Comment' && !allowed.includes(key))
        throw new DefinitionRefused(
          `${path}.${key}`,
          `this interpreter does not implement the field. Known here: ${allowed.map((name) => `\`${name}\``).join(', ')}.`,
        )
    this.#values = value
  }

  at(name: string): string {
    return `${this.path}.${name}`
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name)
  }

  optional(name: string): Json | undefined {
    return this.has(name) ? this.#values[name] : undefined
  }

  required(name: string): Json {
    const value = this.optional(name)
    if (value === undefined) throw new DefinitionRefused(this.at(name), 'is missing.')
    return value
  }

  text(name: string): string {
    const value = this.required(name)
    if (typeof value === 'string' && value !== '') return value
    throw this.refuse(name, 'must be a string that is not empty')
  }

  /** Throws unless the field has exactly this value. */
  constant(name: string, only: string): void {
    if (this.required(name) !== only) throw this.refuse(name, `must be \`${only}\`: nothing else is implemented`)
  }

  number(name: string, fallback: number, low: number, high: number): number {
    const value = this.has(name) ? this.required(name) : fallback
    if (typeof value === 'number' && value >= low && value <= high) return value
    throw this.refuse(name, `must be a number from ${low} to ${high}`)
  }

  list(name: string): Json[] {
    const value = this.required(name)
    if (Array.isArray(value) && value.length > 0) return value
    throw this.refuse(name, 'must be a list that is not empty')
  }

  /** The names and values of an object field. */
  entries(name: string): [string, Json][] {
    const value = this.required(name)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
    throw this.refuse(name, 'must be an object')
  }

  refuse(name: string, problem: string): DefinitionRefused {
    return new DefinitionRefused(this.at(name), `${problem}, but is \`${JSON.stringify(this.optional(name))}\`.`)
  }
}
