/** `odpf_batch_config`, `odpf_raw_table_config`: what `config apply` wrote. Memory, AWS: one contract suite. */
import type { BatchConfig, TableConfig } from '../contracts/config.ts'

export interface ConfigStore {
  cadence(name: string): Promise<BatchConfig | undefined>
  cadences(): Promise<BatchConfig[]>
  /** Tables of one cadence by name, inactive ones included; strongly consistent. */
  tables(cadence: string): Promise<TableConfig[]>
  table(cadence: string, table: string): Promise<TableConfig | undefined>
  putCadence(config: BatchConfig): Promise<void>
  putTable(config: TableConfig): Promise<void>
  deleteCadence(name: string): Promise<void>
  deleteTable(cadence: string, table: string): Promise<void>
}
