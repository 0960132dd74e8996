/** Packing tables into batches: by count, in the order of the tables. */
import type { ManifestBatch } from '../contracts/runs.ts'

/** Batches are numbered from 1; only the last one may have fewer than `batchSize` tables. */
export function packBatches(tables: readonly string[], batchSize: number): ManifestBatch[] {
  const batches: ManifestBatch[] = []
  for (let start = 0; start < tables.length; start += batchSize) {
    batches.push({ batch: batches.length + 1, tables: tables.slice(start, start + batchSize) })
  }
  return batches
}
