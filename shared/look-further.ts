/** Queries that answer the first so many: how many to ask for. */

/** More than there ever is of one table, and a limit that DynamoDB takes. */
export const EVERYTHING = 10_000_000

/**
 * What `ask` answers, which is asked for the `first` so many, and then for four times as many each time, until there are no more or
 * `isEnough`: most tables need one small query, and a long one is not missed. Throws what `ask` throws.
 */
export async function lookFurther<T>(
  first: number,
  ask: (limit: number) => Promise<T[]>,
  isEnough: (found: readonly T[]) => boolean,
): Promise<T[]> {
  for (let limit = first; ; limit *= 4) {
    const found = await ask(limit)
    if (found.length < limit || isEnough(found)) return found
  }
}
