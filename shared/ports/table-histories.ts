/** The history of a target table as its own metadata has it: for operators' previews. It is read, never written. */
import type { TargetSpec } from '../contracts/plan.ts'

export interface TableSnapshot {
  readonly id: string
  /** Of ours; null for a commit of somebody else's. */
  readonly batch_id: string | null
  /** Of the load that its rows are of; null for somebody else's. */
  readonly generation: number | null
  /** Grows with every commit, also with those that were rolled back since. */
  readonly sequence_number: number
}

export interface TableHistory {
  /** The current snapshot first, then its parent, and so on, as far as they are kept; empty for a table without any. */
  readonly lineage: readonly TableSnapshot[]
  /** The lineage reaches the table's first snapshot: none of it has expired. */
  readonly complete: boolean
  /** Kept, but not in the lineage: rolled back, or of a branch. */
  readonly others: readonly TableSnapshot[]
}

export interface TableHistories {
  /** Undefined if there is no such table. Throws EngineError TG5110, TG5111, TG5112 for metadata that can't be read, TG5113 for Hudi. */
  of(target: Pick<TargetSpec, 'format' | 'database' | 'table'>): Promise<TableHistory | undefined>
}
