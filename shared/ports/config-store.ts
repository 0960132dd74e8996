/** `odpf_batch_config`, `odpf_raw_table_config`: what `config apply` wrote. Memory, AWS: one contract suite. */
import type { BatchConfig, TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'

export interface ConfigStore {
  cadence(name: string): Promise<BatchConfig | undefined>
  cadences(): Promise<BatchConfig[]>
  /** Tables of one cadence by name, inactive ones included; strongly consistent. */
  tables(cadence: string): Promise<TableConfig[]>
  table(cadence: string, table: string): Promise<TableConfig | undefined>
  putCadence(config: BatchConfig): Promise<void>
  putTable(config: TableConfig): Promise<void>
  /**
   * The same, only if the ledger's item of the table has the revision that was seen, or there still is none. False, and nothing
   * is written, if a claim came in between: then the table may have data by now, merged as it was configured before.
   */
  putTableAsSeen(config: TableConfig, seen: TableItem | undefined): Promise<boolean>
  deleteCadence(name: string): Promise<void>
  deleteTable(cadence: string, table: string): Promise<void>
  /** The same, on the condition of `putTableAsSeen`. */
  deleteTableAsSeen(cadence: string, table: string, seen: TableItem | undefined): Promise<boolean>
}
