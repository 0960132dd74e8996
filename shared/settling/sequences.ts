/** The order of sequences: UTF-8 binary, as the job and the tombstone log have it; a missing one is below every other. */

/** The higher of two; null only if both are. */
export function higher(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0 ? a : b
}

export const highest = (sequences: Iterable<string | null>): string | null => [...sequences].reduce(higher, null)
