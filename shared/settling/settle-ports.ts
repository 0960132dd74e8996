/** What settling needs of the world. */
import type { Clock } from '../ports/clock.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { JobRuns } from '../ports/job-runs.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'
import type { TableLedger } from '../ports/table-ledger.ts'

export interface SettlePorts {
  readonly tables: Pick<TableLedger, 'get' | 'replace' | 'run'>
  readonly files: Pick<FileLedger, 'waiting' | 'settled' | 'release' | 'move'>
  readonly objects: Pick<ObjectStore, 'head' | 'get' | 'put' | 'copy'>
  /** Asked about batches that their job did not commit. */
  readonly jobRuns: JobRuns
  readonly clock: Clock
  readonly signals: Signals
  readonly controlBucket: string
  /** How long a settled file is remembered; must outlive the staged object and the queues. */
  readonly historyTtlMs: number
}
