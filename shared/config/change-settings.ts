/** What is built in about how rows become changes, and what the job's plan says of it. Pure. */
import type { MergeSpec } from '../contracts/plan.ts'
import type { FlatSettings } from './layers.ts'
import type { ConfigFile, TableSettings } from './schema.ts'

/** As DMS writes it. */
const DMS: FlatSettings = { apply_as_deletes: { column: 'Op', equals: 'D' } }
/** Created, read by a snapshot, updated, deleted. */
const DEBEZIUM: FlatSettings = {
  shape: 'debezium',
  operations: { column: 'op', inserts: ['c', 'r'], updates: ['u'], deletes: ['d'] },
  unavailable_value: '__debezium_unavailable_value',
}

/**
 * `shape`: what the table's blocks say. Sources that all hold envelopes say it for their tables; which source a table's files
 * come from, only its keys tell, so where there are others too it is `undefined` that is returned, and the table must say it.
 */
export function changesBuiltIn(
  sources: ConfigFile['sources'],
  shape: TableSettings['shape'],
): FlatSettings | undefined {
  const shapes = new Set(Object.values(sources).map((source) => source.shape))
  const envelopes = shapes.has('debezium')
  if (shape === undefined && envelopes && shapes.size > 1) return undefined
  if (shape === 'debezium' || (shape === undefined && envelopes)) return DEBEZIUM
  return shapes.has('dms') ? DMS : {}
}

type Changes = Pick<
  MergeSpec,
  | 'operations'
  | 'apply_as_deletes'
  | 'shape'
  | 'before_image'
  | 'null_means_unchanged'
  | 'unavailable_value'
  | 'on_late_partial_update'
>

/** What is not said is left out: entries from before it are frozen without. */
export const changesOf = (settings: FlatSettings): Changes => ({
  ...(settings.operations === undefined
    ? { apply_as_deletes: settings.apply_as_deletes }
    : { operations: settings.operations }),
  ...(settings.shape === 'debezium' ? { shape: settings.shape } : {}),
  ...(settings.before_image ? { before_image: settings.before_image } : {}),
  ...(settings.null_means_unchanged ? { null_means_unchanged: settings.null_means_unchanged } : {}),
  ...(settings.unavailable_value ? { unavailable_value: settings.unavailable_value } : {}),
  ...(settings.on_late_partial_update === 'stale' ? { on_late_partial_update: 'stale' as const } : {}),
})
