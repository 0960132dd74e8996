/** How a batch changed a table's columns, in words. */
import type { SchemaChange } from '../contracts/outcome.ts'

/** Such as `added extra string, widened v int → bigint`; empty if it changed none. */
export const schemaChangesText = (changes: readonly SchemaChange[] = []): string =>
  changes.map(({ change, column, type, was }) => `${change} ${column} ${was ? `${was} → ` : ''}${type}`).join(', ')
