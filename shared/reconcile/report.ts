/** What a reconciliation found: counts, and a few examples of each kind, so that a report's size never depends on the bucket's. */

/** Examples that a report keeps of one kind. */
const MOST_EXAMPLES = 20

export interface ReconcileReport {
  readonly dry_run: boolean
  /** Objects that the bucket has under what was asked for. */
  objects: number
  /** Waiting or in history. */
  known: number
  /** Files that no event had announced; with a dry run, that would have been landed. */
  landed: number
  /** No table's files: markers, folders, control tables of DMS. */
  ignored: number
  /** Put so recently that their event may still be on its way. */
  young: number
  /** Put so long ago that history may have forgotten them: landing them could apply them again. */
  beyond_history: number
  /** Deleted or overwritten while we looked. */
  gone: number
  /** Keys that landing refuses, by the number of the error; a few dozen numbers at most. */
  readonly refused: Record<string, { objects: number; example: string }>
  /** Waiting files that were looked at, and those whose object is no longer what they say. */
  waiting: number
  lost: number
  /** Tables that were truncated at their source, and no event told; with a dry run, that would have been held. */
  truncated: number
  /** Tables none of whose files is on the bucket: a lifecycle rule may have expired them. */
  without_files: number
  readonly examples: {
    readonly landed: FoundFile[]
    readonly lost: LostFile[]
    readonly truncated: TruncatedTable[]
  }
  /** False when time ran out; `next` is the key after which the listing goes on, null when it came to its end. */
  complete: boolean
  next: string | null
}

export interface FoundFile {
  readonly table: string
  readonly key: string
  /** `LastModified`, seconds. */
  readonly put_at_s: number
}

export interface TruncatedTable {
  readonly table: string
  /** No file that was put before is there, seconds. */
  readonly truncated_at_s: number
}

export interface LostFile extends FoundFile {
  readonly file_id: string
  /** `gone`: no such object. `overwritten`: another put has the key now. */
  readonly what: 'gone' | 'overwritten'
}

export const emptyReport = (dryRun: boolean): ReconcileReport => ({
  dry_run: dryRun,
  objects: 0,
  known: 0,
  landed: 0,
  ignored: 0,
  young: 0,
  beyond_history: 0,
  gone: 0,
  refused: {},
  waiting: 0,
  lost: 0,
  truncated: 0,
  without_files: 0,
  examples: { landed: [], lost: [], truncated: [] },
  complete: true,
  next: null,
})

/** Keeps the first ones. */
export function keepExample<T>(examples: T[], example: T): void {
  if (examples.length < MOST_EXAMPLES) examples.push(example)
}
