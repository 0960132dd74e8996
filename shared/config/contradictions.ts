/** Settings of one table that exclude each other. Pure. */
import type { FlatSettings, Setting } from './layers.ts'

/** Where, and the rest of a sentence that begins with the table's name. */
export function* contradictions(settings: FlatSettings): Generator<[Setting, string]> {
  if (settings.operations !== undefined && settings.apply_as_deletes !== undefined)
    yield ['operations', 'has `operations` and `apply_as_deletes` in one block: keep one']
}
