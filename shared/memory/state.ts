/** What the memory adapters share, since a file's move is conditional on the table's claim: the maps behind all of them. */
import type { BatchConfig, TableConfig } from '../contracts/config.ts'
import type { FullLoadMarker, LandedFile, SettledFile, TableItem, TableRun } from '../contracts/ledger.ts'

export interface MemoryState {
  /** Waiting files, history and markers: by table, then by `file_id`. */
  readonly waiting: Map<string, Map<string, LandedFile>>
  readonly settled: Map<string, Map<string, SettledFile>>
  readonly markers: Map<string, Map<string, FullLoadMarker>>
  readonly tables: Map<string, TableItem>
  /** By table, then by run id. */
  readonly runs: Map<string, Map<string, TableRun>>
  readonly cadences: Map<string, BatchConfig>
  /** By cadence, then by table. */
  readonly tableConfigs: Map<string, Map<string, TableConfig>>
}

export const emptyState = (): MemoryState => ({
  waiting: new Map(),
  settled: new Map(),
  markers: new Map(),
  tables: new Map(),
  runs: new Map(),
  cadences: new Map(),
  tableConfigs: new Map(),
})

/** The inner map of `outer` for `key`, made when it is missing. */
export function inner<V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = outer.get(key)
  if (found) return found
  const made = new Map<string, V>()
  outer.set(key, made)
  return made
}

/** UTF-8 binary order, which is DynamoDB's and S3's; JavaScript's own order is by UTF-16 units. */
export const byUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * A copy, so that nobody changes what is stored by holding on to what was handed in or out. Items are plain data, so this is
 * `structuredClone` without what makes it slow.
 */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf) as T
  const copy = { ...value } as Record<string, unknown>
  for (const key in copy) if (typeof copy[key] === 'object') copy[key] = copyOf(copy[key])
  return copy as T
}
