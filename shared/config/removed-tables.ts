/** What is remembered of the tables that the file no longer names: their rows are still there, and may be taken up again. */
import { mapBounded } from '../bounded.ts'
import { type RemovedTable, removedTable, type TableConfig } from '../contracts/config.ts'
import { controlLayout } from '../contracts/control-layout.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { bodyOf, readDocument } from '../documents.ts'
import type { ObjectStore } from '../ports/object-store.ts'

const AT_ONCE = 16

/**
 * Every table that was ever removed, as it was configured then. One that was added again is among them until it is removed
 * again: whoever asks lets the stored configuration win. Throws OurError TG9302 for a record that breaks its contract.
 */
export async function removedTables(
  controlBucket: string,
  objects: Pick<ObjectStore, 'get' | 'list'>,
): Promise<TableConfig[]> {
  const keys: string[] = []
  for await (const key of objects.list(controlBucket, controlLayout.removedTables)) keys.push(key)
  const records = await mapBounded(keys, AT_ONCE, (key) =>
    readDocument(removedTable, { bucket: controlBucket, key }, objects),
  )
  return records.flatMap((record) => (record ? [record.table] : []))
}

/** Before their items go: an apply that breaks off in between leaves a record that nobody heeds while the item is there. */
export async function rememberRemoved(
  tables: readonly TableConfig[],
  removed_at_ms: EpochMs,
  controlBucket: string,
  objects: Pick<ObjectStore, 'put'>,
): Promise<void> {
  await mapBounded(tables, AT_ONCE, (table) => {
    const record: RemovedTable = { contract: 'tidegate.removed-table/1', removed_at_ms, table }
    return objects.put(controlBucket, controlLayout.removedTable(table.source_table_name), bodyOf(record))
  })
}
