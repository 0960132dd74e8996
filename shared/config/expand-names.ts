/** Brace expansion of table names: `taxi_trips.table_{1..3000}` is one line of configuration. */

type Part = { readonly size: number; readonly at: (index: number) => string }

/** `error` says what is wrong with the pattern and what to write. */
export type Expansion = { readonly size: number; readonly names: () => Generator<string> } | { readonly error: string }

const RANGE = /^(\d{1,9})\.\.(\d{1,9})$/

/** Nothing is made before `names` is called: `size` may be refused first. Zeros in front are kept: `{001..100}`. */
export function expandNames(pattern: string): Expansion {
  const parts: Part[] = []
  for (const piece of pattern.split(/(\{[^{}]*\})/)) {
    const part = piece.startsWith('{') && piece.endsWith('}') ? groupOf(piece.slice(1, -1)) : literal(piece)
    if (!part) return { error: 'has braces that are neither a range `{1..3000}` nor a list `{a,b}`: correct them' }
    parts.push(part)
  }
  return { size: parts.reduce((product, part) => product * part.size, 1), names: () => namesOf(parts, 0, '') }
}

const literal = (text: string): Part | undefined => (/[{}]/.test(text) ? undefined : { size: 1, at: () => text })

function groupOf(inside: string): Part | undefined {
  const range = RANGE.exec(inside)
  if (range?.[1] !== undefined && range[2] !== undefined) {
    const [first, last] = [Number(range[1]), Number(range[2])]
    const width = range[1].startsWith('0') ? range[1].length : 0
    const step = first <= last ? 1 : -1
    return { size: Math.abs(last - first) + 1, at: (index) => String(first + step * index).padStart(width, '0') }
  }
  const items = inside.split(',')
  if (items.length < 2 || items.includes('')) return undefined
  return { size: items.length, at: (index) => items[index] ?? '' }
}

function* namesOf(parts: readonly Part[], from: number, head: string): Generator<string> {
  const part = parts[from]
  if (!part) return yield head
  for (let index = 0; index < part.size; index++) yield* namesOf(parts, from + 1, head + part.at(index))
}
