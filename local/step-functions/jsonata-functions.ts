/** The six functions that Step Functions adds to JSONata (developer guide, "Transforming data with JSONata"). */
import { createHash } from 'node:crypto'

const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}
const RANGE_LIMIT = 1000

export interface Chance {
  random(): number
  uuid(): string
}

/** A JSONata call without an argument passes `undefined`; the result of a function of nothing is nothing. */
export const stepFunctionsFunctions = (chance: Chance) => ({
  partition: (array: unknown[] | undefined, size: number) => {
    if (array === undefined) return undefined
    if (!Number.isInteger(size) || size < 1) throw new Error('$partition: the size must be a positive integer')
    const parts: unknown[][] = []
    for (let from = 0; from < array.length; from += size) parts.push(array.slice(from, from + size))
    return parts
  },
  range: (start: number, end: number, step: number) => {
    if (![start, end, step].every(Number.isInteger) || step === 0)
      throw new Error('$range: start, end and step must be integers, and step not zero')
    const count = Math.max(0, Math.floor((end - start) / step) + 1)
    if (count > RANGE_LIMIT) throw new Error(`$range: ${count} numbers are more than ${RANGE_LIMIT}`)
    return Array.from({ length: count }, (_, index) => start + index * step)
  },
  hash: (data: string | undefined, algorithm: string) => {
    if (data === undefined) return undefined
    const name = HASHES[algorithm]
    if (name === undefined) throw new Error(`$hash: algorithm must be one of ${Object.keys(HASHES).join(', ')}`)
    return createHash(name).update(data).digest('hex')
  },
  random: (seed?: number) => (seed === undefined ? chance.random() : seeded(seed)),
  uuid: () => chance.uuid(),
  parse: (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text)),
})

/** One number in [0, 1) from a seed (mulberry32): the same seed gives the same number. */
function seeded(seed: number): number {
  let mixed = (seed + 0x6d2b79f5) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
