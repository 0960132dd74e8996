/** What explaining asks: the ledger, the configuration, the bucket, and what the cloud says of schedules, queues and runs. */
import type { TableItem } from '../../contracts/ledger.ts'
import type { Sources } from '../../files/parse-key.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConfigStore } from '../../ports/config-store.ts'
import type { FileLedger } from '../../ports/file-ledger.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { Schedules } from '../../ports/schedules.ts'
import type { TableLedger } from '../../ports/table-ledger.ts'
import type { Evidence } from '../evidence.ts'

export interface ExplainPorts {
  readonly files: Pick<FileLedger, 'waiting' | 'settled' | 'settledFiles' | 'quarantined' | 'marker'>
  readonly tables: Pick<TableLedger, 'get' | 'run' | 'runs'>
  readonly config: Pick<ConfigStore, 'cadences' | 'tables'>
  readonly objects: Pick<ObjectStore, 'head' | 'get'>
  readonly schedules: Pick<Schedules, 'states'>
  readonly clock: Clock
  readonly stagingBucket: string
  /** As `config apply` left them. */
  readonly sources: () => Promise<Sources>
  readonly queues: () => Promise<QueueDepths>
  readonly evidence: (item: TableItem) => Promise<Evidence>
}

export interface QueueDepths {
  /** Events that the ledger does not know yet. */
  readonly on_their_way: number
  /** Events that could not be landed, or not be handed on. */
  readonly dead: number
}
