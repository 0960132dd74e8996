/** The ways of a settled file back among those that wait, as items of the ledger: pure. */
import { type LandedFile, landedFile, type SettledFile } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'

/** As it landed, under its own id and put time, without what settling added. */
export function asLanded(file: SettledFile): LandedFile {
  const kept = Object.entries(file).filter(([name]) => name in landedFile.shape)
  return { ...(Object.fromEntries(kept) as LandedFile), file_ingestion_status: 'raw_file_landed' }
}

/**
 * To be applied again. In historical mode a change has no key to be compared by, so the file goes only with all files of the
 * batch that applied it, and under that batch's id, by which the table tells whether it has them.
 */
export function waitsForBackfill(file: SettledFile, mode: 'snapshot' | 'historical', atMs: EpochMs): LandedFile {
  const { original_batch_id: _, ...landed } = asLanded(file)
  const again = { ...landed, backfilled_at_ms: atMs }
  return mode === 'historical' && file.batch_id ? { ...again, original_batch_id: file.batch_id } : again
}
