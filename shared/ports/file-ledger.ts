/** `odpf_file_tracker` and its history: which files wait, which are settled. Memory, AWS: one contract suite. */
import type { FullLoadMarker, LandedFile, SettledFile, TableItem } from '../contracts/ledger.ts'
import type { EpochMs, EpochSeconds } from '../contracts/primitives.ts'

/** One file on its way to history; a full-load file takes its marker along. */
export interface FileMove {
  readonly settled: SettledFile
  readonly marker?: FullLoadMarker
}

/** One applied file on its way back: the history item that was looked at, and what then waits in its place. */
export interface FileReturn {
  readonly seen: SettledFile
  readonly again: LandedFile
}

/** What a claim's owner proves with every write. */
export interface ClaimProof {
  readonly table: string
  readonly token: number
}

export interface FileLedger {
  /** One transaction: history does not have the id, put into the tracker if absent. */
  land(file: LandedFile): Promise<'landed' | 'already_waiting' | 'already_settled'>
  /** Oldest first, strongly consistent, at most `limit`. */
  waiting(table: string, limit: number): Promise<LandedFile[]>
  hasWaiting(table: string): Promise<boolean>
  /** Every table that has waiting files, with their number, that of full loads among them, and the oldest; a scan, for operators only. */
  waitingByTable(): Promise<Map<string, { files: number; full: number; bytes: number; oldest: LandedFile }>>
  settled(table: string, fileId: string): Promise<SettledFile | undefined>
  /** Latest put first, strongly consistent, at most `limit`; without the markers. */
  settledFiles(table: string, limit: number): Promise<SettledFile[]>
  /** Those put in `[fromS, toS)`, oldest first, strongly consistent; without the markers. */
  settledBetween(table: string, fromS: EpochSeconds, toS: EpochSeconds): Promise<SettledFile[]>
  /** Quarantined files that wait for a decision, oldest put first, strongly consistent, at most `limit`. */
  quarantined(table: string, limit: number): Promise<SettledFile[]>
  /**
   * A quarantined file waits again: from history back to the tracker in one transaction, with `released_at_ms`. `seen` is the
   * history item that was looked at. False, and nothing changes, if it is not what history has: somebody else decided, or it was
   * quarantined anew. A discarded one can be released too.
   */
  release(seen: SettledFile, atMs: EpochMs): Promise<boolean>
  /** Gives the changes of a quarantined file up: it stays in history, and is no longer listed. False as for `release`. */
  discard(seen: SettledFile, atMs: EpochMs): Promise<boolean>
  /**
   * Applied files wait again: from history back to the tracker, in transactions of at most 49 files, each on condition that the
   * table's item still has the revision of `item`, and history what was seen. Ends at the first transaction that is refused;
   * says how many files went back, which then wait.
   */
  returnApplied(item: TableItem, returns: readonly FileReturn[]): Promise<number>
  /** By `fullLoadMarkerId(generation, key)`; `key` is the object's key, as in `file_ingestion_path`. */
  marker(table: string, generation: number, key: string): Promise<FullLoadMarker | undefined>
  /**
   * Moves files to history in transactions, each with a condition check that the table's claim still has this token and
   * is `updating_table`. At most 49 files a transaction (33 with markers), since a transaction takes 100 items. Moving a
   * moved file again changes nothing. A quarantined one is then among `quarantined`. Throws LedgerError TG3001 if the token is no longer the claim's.
   */
  move(proof: ClaimProof, moves: readonly FileMove[]): Promise<void>
}
