/** A table as `status` tells of it. */
import type { EpochMs } from '../contracts/primitives.ts'

export interface TableStatusRow {
  readonly table: string
  /** Null: no configuration names the table. */
  readonly cadence: string | null
  /** Neither `unregistered`, for which files wait, nor `removed` tables are in a configuration. */
  readonly status:
    | 'unregistered'
    | 'removed'
    | 'inactive'
    | 'waiting'
    | 'new'
    | 'updating_table'
    | 'completed'
    | 'refresh_error'
    | 'held'
  readonly reason: string | null
  readonly waiting_files: number
  /** Of those, full-load files. */
  readonly waiting_full_files: number
  /** Null where none is staged or asked for, and where nobody looked. */
  readonly reload: ReloadStatus | null
  /** That wait for an operator's decision; null where they were not counted. */
  readonly quarantined_files: number | null
  /** In a row without a commit, and how many of them hold the table; null before its first claim. */
  readonly failed_attempts: number | null
  readonly max_attempts: number | null
  readonly waiting_bytes: number
  /** Put time of the oldest waiting file. */
  readonly oldest_put_ms: EpochMs | null
  readonly last_committed_ms: EpochMs | null
  readonly fresh_as_of_ms: EpochMs | null
  readonly applied_max_sequence: string | null
  readonly snapshot: string | null
  readonly last_run: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly target: string | null
  readonly next_action: string
}

/** A reload as an operator sees it. */
export interface ReloadStatus {
  /** Put of its first full-load file, or the deletions of a truncation; null: it was only asked for. */
  readonly since_ms: EpochMs | null
  /** Files put from then on wait for it, changes too. Null as for `since_ms`. */
  readonly waits_from_ms: EpochMs | null
  /** When an operator asked for it; null: nobody had to. */
  readonly asked_ms: EpochMs | null
  readonly full_files: number
  /** When it is complete, if no more full-load files come until then; `operator`: when somebody says so. */
  readonly complete_ms: EpochMs | 'operator'
  /** What is in its way, and what to do about it. */
  readonly obstacle: string | null
}
