/** The ways of a file into quarantine and out of it, as items of the ledger: pure. */
import type { LandedFile, SettledFile } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { asLanded } from './as-landed.ts'

/** In quarantine, whether or not its changes were given up. */
export const isQuarantined = (file: SettledFile): boolean => file.file_ingestion_status === 'raw_file_quarantined'

/** As it landed, under its own id and put time: what of it is late by now, the job finds out. */
export const waitingAgain = (file: SettledFile, atMs: EpochMs): LandedFile => ({
  ...asLanded(file),
  released_at_ms: atMs,
})

/** Its changes are given up. */
export const givenUp = (file: SettledFile, atMs: EpochMs): SettledFile => ({
  ...file,
  ...(file.quarantine && { quarantine: { ...file.quarantine, discarded_at_ms: atMs } }),
})
