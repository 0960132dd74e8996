/** The tables: snapshots that know their parent, and commits that are accepted only on the snapshot that they looked at. */
import type { TableHistory } from '../../shared/ports/table-histories.ts'

/** One change of one file. An empty sequence: a row of a full load. */
export interface Change {
  readonly op: 'I' | 'U' | 'D' | 'L'
  readonly seq: string
  readonly key: string
  /** Of a row of a full load: the how-manieth load it is of. */
  readonly load?: number
}

/** What a row says, to compare by. */
export const textOf = ({ key, seq, load }: Change): string => `${key}=${seq}${load === undefined ? '' : `load ${load}`}`

export interface Snapshot {
  readonly id: string
  readonly parent: string | null
  readonly batch_id: string
  readonly token: number
  readonly generation: number
  /** Of the first commit of a reload: when it began, seconds. */
  readonly from_s?: number | undefined
  /** The snapshot that its job looked at, and merged with; null if there was none. */
  readonly looked_at?: string | null
  readonly evidence: string
  readonly at_ms: number
  /** Mode S: the rows by key. */
  readonly rows: ReadonlyMap<string, Change>
  /** Mode H: `<file id>#<row>` of every version. */
  readonly versions: readonly string[]
  /** What the commit applied, for the auditor only. */
  readonly files: readonly string[]
}

export class LakeTable {
  /** Every commit there ever was, in order. */
  readonly commits: Snapshot[] = []
  #reachable = new Map<string, Snapshot>()

  get current(): Snapshot | undefined {
    return this.commits.at(-1)
  }

  /** Undefined when it has expired. */
  snapshot(id: string): Snapshot | undefined {
    return this.#reachable.get(id)
  }

  /** False, and nothing done, if the table has moved on from `pinned`: a serializable commit. */
  commit(next: Snapshot, pinned: string | null, validates: boolean): boolean {
    if (validates && (this.current?.id ?? null) !== pinned) return false
    this.commits.push(next)
    this.#reachable.set(next.id, next)
    return true
  }

  /** Somebody deletes all rows of a table in mode S, by a commit of his own. */
  loseRows(): void {
    const { current } = this
    if (!current || current.rows.size === 0) return
    const id = `${this.commits.length + 1}`
    const lost = { ...current, id, parent: current.id, batch_id: '', evidence: '', files: [], rows: new Map() }
    this.commit(lost, current.id, true)
  }

  /** As the table's own metadata tells it. */
  get history(): TableHistory {
    const lineage: TableHistory['lineage'][number][] = []
    let next = this.current?.id ?? null
    for (let found = next && this.snapshot(next); found; found = next && this.snapshot(next)) {
      lineage.push({ ...found, batch_id: found.batch_id || null, sequence_number: Number(found.id) })
      next = found.parent
    }
    return { lineage, complete: next === null, others: [] }
  }

  /** Snapshot expiry: all but the newest `keep`. */
  expire(keep: number): void {
    this.#reachable = new Map([...this.#reachable].slice(-keep))
  }
}

/** Rule 5 in its shortest form: the newest sequence of a key wins, and a delete is as good as any change. */
export function foldOf(changes: Iterable<Change>): Map<string, Change> {
  const newest = new Map<string, Change>()
  for (const change of changes) {
    const rival = newest.get(change.key)
    if (!rival || change.seq > rival.seq) newest.set(change.key, change)
  }
  return newest
}
