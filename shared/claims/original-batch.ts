/** Backfilled files of a historical table: they go batch by batch, each whole, alone and under its own id, or not at all. */
import type { LandedFile } from '../contracts/ledger.ts'
import { batchIdOf } from './batch-id.ts'

export const isOfOriginalBatch = (file: LandedFile): boolean => file.original_batch_id !== undefined

/**
 * Of `waiting`, oldest first, the files of the first original batch of which all wait. One whose backfill was interrupted has
 * another id, and goes on waiting until that is repeated.
 */
export function originalBatch(
  table: string,
  generation: number,
  waiting: readonly LandedFile[],
): LandedFile[] | undefined {
  const batches = Map.groupBy(waiting.filter(isOfOriginalBatch), (file) => file.original_batch_id)
  const idOf = (files: readonly LandedFile[]) =>
    batchIdOf(
      table,
      generation,
      files.map((file) => file.file_id),
    )
  return [...batches].find(([id, files]) => idOf(files) === id)?.[1]
}
