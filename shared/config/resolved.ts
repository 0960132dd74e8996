/** What a configuration file comes to: the documents of the Lambdas, and where each value came from. */
import type { BatchConfig, SourceConfig, TableConfig } from '../contracts/config.ts'

/** What the file doesn't say, since the deployment knows it. */
export interface DeploymentFacts {
  readonly rawBucket: string
  readonly glueJobName: string
}

/** `config apply` stamps the time. */
export type ResolvedCadence = Omit<BatchConfig, 'applied_at_ms'>
export type ResolvedTable = Omit<TableConfig, 'applied_at_ms'>
/** Setting (`keys`, `target.database`, …) → the block that its value came from. */
export type Provenance = Readonly<Record<string, string>>

export interface ResolvedConfig {
  readonly cadences: ResolvedCadence[]
  readonly tables: ResolvedTable[]
  readonly sources: Record<string, SourceConfig>
  /** By ledger key. */
  readonly provenance: ReadonlyMap<string, Provenance>
}
