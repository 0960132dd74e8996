/** What a reconciliation is asked for, and what it needs. */
import type { EpochMs } from '../contracts/primitives.ts'
import type { LandingPorts } from '../landing/land-file.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileCensus } from '../ports/file-census.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableLedger } from '../ports/table-ledger.ts'

export interface ReconcilePorts extends LandingPorts {
  readonly objects: Pick<ObjectStore, 'head' | 'listed'>
  readonly files: Pick<FileLedger, 'land' | 'settled' | 'settledFiles' | 'settledBetween' | 'waiting'>
  readonly tables: Pick<TableLedger, 'getMany' | 'replace'>
  readonly config: Pick<ConfigStore, 'cadences' | 'tables'>
  readonly census: FileCensus
  /** How long history remembers a settled file, milliseconds. */
  readonly historyTtlMs: number
}

export interface ReconcileOptions {
  /** Only what lies under this configured source. */
  readonly source?: string | undefined
  /** Only files of this table, by its ledger name. */
  readonly table?: string | undefined
  /** Land nothing; say what would be landed. */
  readonly dryRun: boolean
  /** Objects put within so many milliseconds are left to their events. */
  readonly youngMs: number
  /** Go on after this key. */
  readonly startAfter?: string | undefined
  /** Stop soon after this time, and say where to go on. */
  readonly deadlineMs?: EpochMs
  /** Told after each page how many objects were seen so far. */
  readonly progress?: (objects: number) => void
}

export const isLate = ({ deadlineMs }: ReconcileOptions, { clock }: Pick<ReconcilePorts, 'clock'>): boolean =>
  deadlineMs !== undefined && clock.now() >= deadlineMs
