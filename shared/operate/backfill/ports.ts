/** What a backfill needs of the world. */
import type { ConfigStore } from '../../ports/config-store.ts'
import type { FileLedger } from '../../ports/file-ledger.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { TableHistories } from '../../ports/table-histories.ts'
import type { VerbPorts } from '../table-verb.ts'

export interface BackfillPorts extends VerbPorts {
  readonly files: Pick<FileLedger, 'waiting' | 'settled' | 'settledBetween' | 'returnApplied'>
  readonly objects: Pick<ObjectStore, 'head' | 'get' | 'list'>
  readonly config: Pick<ConfigStore, 'cadences' | 'table'>
  readonly histories: TableHistories
  readonly controlBucket: string
}
