/** Input as strangers send it: any text, any JSON, and documents that are right but for a few places. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { TidegateError } from '../../../shared/errors.ts'

/** Enough for a quick look at every run; `npm run check:deep` asks for thousands. */
export const EXAMPLES = process.env.TIDEGATE_DEEP === '1' ? 10_000 : 200

/** Names that mean something to JavaScript, to paths, to terminals or to query languages. */
const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  'a/../b',
  '%2e%2e%2f',
  "'; DROP TABLE t; --",
  '`id`',
  '\u001b[2J',
  'line\nbreak',
  '\u0000',
  '\ud800',
  '\u202egnp',
  '{1..999999999}',
  '*'.repeat(200),
  '',
]

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...HOSTILE_NAMES),
  fc.tuple(fc.constantFrom(...HOSTILE_NAMES), fc.string()).map((parts) => parts.join('')),
)

const HUGE = [1e308, -1e308, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, 2 ** 63, -1, 0.1, -0]

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(...HUGE, null, true, [], {}),
  fc.jsonValue(),
  fc.dictionary(hostileText, fc.jsonValue()),
)

/** JSON text of one of `documents` with a few of its places changed, added or taken away; sometimes cut off. */
export function almost(documents: readonly unknown[]): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(), how: fc.constantFrom('set', 'add', 'remove'), name: hostileText })
  const changes = fc.array(fc.tuple(change, hostileValue), { minLength: 1, maxLength: 4 })
  const cut = fc.option(fc.nat(), { freq: 8 })
  return fc.tuple(fc.constantFrom(...documents), changes, cut).map(([document, list, end]) => {
    const copy: unknown = structuredClone(document)
    for (const [{ at, how, name }, value] of list) {
      const places = placesIn(copy)
      const place = places[at % places.length]
      if (place === undefined) continue
      if (how === 'set') define(place.holder, place.key, value)
      else if (how === 'remove') Reflect.deleteProperty(place.holder, place.key)
      else if (Array.isArray(place.holder)) place.holder.push(value)
      else define(place.holder, name, value)
    }
    const text = JSON.stringify(copy)
    return end === null ? text : text.slice(0, end % text.length)
  })
}

/** Any text, any JSON, and what is almost one of `documents`. */
export const anyOf = (documents: readonly unknown[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 1, arbitrary: hostileText },
    { weight: 1, arbitrary: fc.json() },
    { weight: 6, arbitrary: almost(documents) },
  )

/** Large or deep texts, a megabyte and ten thousand levels; some of them are `document` but for one field. */
export function extremes(document: Readonly<Record<string, unknown>>): string[] {
  const deep = 10_000
  const values = [
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    JSON.stringify('x'.repeat(1_000_000)),
    JSON.stringify('\u001b'.repeat(100_000)),
    `[${'0,'.repeat(100_000)}0]`,
    `{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":${n}`).join(',')}}`,
    '9'.repeat(100_000),
    '1e999999',
    '"\\ud800"',
  ]
  // Each value in another field, so that every kind of field meets something large.
  const fields = Object.keys(document)
  const inside = values.map((value, n) => {
    const field = fields[n % fields.length] ?? ''
    const { [field]: _, ...others } = document
    const rest = JSON.stringify(others).slice(1)
    return `{${JSON.stringify(field)}:${value}${rest === '}' ? '' : ','}${rest}`
  })
  return [...values, ...values.map((value) => value.slice(0, -1)), ...inside]
}

interface Place {
  readonly holder: object
  readonly key: string
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.keys(value).flatMap((key) => [
    { holder: value, key },
    ...placesIn((value as Record<string, unknown>)[key]),
  ])
}

/** Also for `__proto__`, which an assignment would not make a field of. */
const define = (holder: object, key: string, value: unknown): void => {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

/** No message of ours is longer: with a list of twenty problems, each of them cut. */
const LONGEST_MESSAGE = 20_000

/** Runs it, and lets pass what it returns and our numbered errors, if they can be shown: short, and without signs that steer a terminal. */
export async function numberedAtWorst(read: () => unknown): Promise<void> {
  const builtIns = Object.getOwnPropertyNames(Object.prototype).length
  try {
    await read()
  } catch (error) {
    expectNumbered(error)
  }
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(builtIns)
}

function expectNumbered(error: unknown): void {
  if (!(error instanceof TidegateError)) throw error
  expect(error.code).toMatch(/^TG\d{4}$/)
  expect(error.message.length).toBeLessThan(LONGEST_MESSAGE)
  expect(error.message.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u)
}
