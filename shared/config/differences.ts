/** What a resolved file changes about the stored configuration: what `config apply` writes, and `config diff` shows. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { BatchConfig, SourceConfig, TableConfig } from '../contracts/config.ts'
import type { ResolvedCadence, ResolvedConfig, ResolvedTable } from './resolved.ts'

/** What the configuration tables and the control bucket hold. */
export interface StoredConfig {
  readonly cadences: readonly BatchConfig[]
  readonly tables: readonly TableConfig[]
  readonly sources: Readonly<Record<string, SourceConfig>>
}

export interface FieldChange {
  /** `merge.keys`. */
  readonly field: string
  /** Null: it is not there. */
  readonly before: unknown
  readonly after: unknown
}

export interface ItemDifference {
  /** Of a table: its ledger name. */
  readonly name: string
  readonly change: 'added' | 'changed' | 'removed'
  /** Of what is changed; none for what is added or removed as a whole. */
  readonly fields: readonly FieldChange[]
}

export interface Changes {
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly unchanged: number
}

export interface Differences<Wanted, Stored> {
  /** By name; what is unchanged is left out. */
  readonly items: readonly ItemDifference[]
  readonly changes: Changes
  readonly write: readonly Wanted[]
  readonly remove: readonly Stored[]
}

interface NamedSource {
  readonly name: string
  readonly source: SourceConfig
}

export interface ConfigDifferences {
  readonly cadences: Differences<ResolvedCadence, BatchConfig>
  /** A table that moves to another cadence is changed: written there, and removed here. */
  readonly tables: Differences<ResolvedTable, TableConfig>
  readonly sources: Differences<NamedSource, NamedSource>
}

export function differences(resolved: ResolvedConfig, stored: StoredConfig): ConfigDifferences {
  return {
    cadences: compared(stored.cadences, resolved.cadences, (cadence) => cadence.refresh_cadence),
    tables: compared(
      stored.tables,
      resolved.tables,
      (table) => table.source_table_name,
      (table) => table.refresh_cadence,
    ),
    sources: compared(named(stored.sources), named(resolved.sources), ({ name }) => name),
  }
}

const named = (sources: Readonly<Record<string, SourceConfig>>): NamedSource[] =>
  Object.entries(sources).map(([name, source]) => ({ name, source }))

/**
 * `placeOf`: where an item of that name lies; an apply that broke off may have left one name in two places, and then all
 * but the wanted place go.
 */
function compared<Wanted extends object, Stored extends object>(
  stored: readonly Stored[],
  wanted: readonly Wanted[],
  nameOf: (item: Stored | Wanted) => string,
  placeOf: (item: Stored | Wanted) => string = () => '',
): Differences<Wanted, Stored> {
  const before = Map.groupBy(stored, nameOf)
  const write: Wanted[] = []
  const remove: Stored[] = []
  const items: ItemDifference[] = []
  for (const item of wanted) {
    const name = nameOf(item)
    const there = before.get(name) ?? []
    const same = there.find((one) => placeOf(one) === placeOf(item))
    const elsewhere = there.filter((one) => one !== same)
    if (same === undefined || fieldChanges(same, item).length > 0) write.push(item)
    remove.push(...elsewhere)
    const fields = there.flatMap((one) => fieldChanges(one, item))
    if (there.length === 0) items.push({ name, change: 'added', fields: [] })
    else if (fields.length > 0) items.push({ name, change: 'changed', fields })
    before.delete(name)
  }
  for (const [name, gone] of before) {
    remove.push(...gone)
    items.push({ name, change: 'removed', fields: [] })
  }
  items.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { items, write, remove, changes: countsOf(items, wanted.length) }
}

function countsOf(items: readonly ItemDifference[], wanted: number): Changes {
  const count = (change: ItemDifference['change']) => items.filter((item) => item.change === change).length
  const [added, changed, removed] = [count('added'), count('changed'), count('removed')]
  return { added, changed, removed, unchanged: wanted - added - changed }
}

/** The time of the last write says nothing about what is configured. */
const WRITTEN_AT = 'applied_at_ms'

/** What of a stored item the wanted one changes, by dotted path. */
export function fieldChanges(before: object, after: object): FieldChange[] {
  const [old, now] = [flat(before), flat(after)]
  const fields = [...new Set([...old.keys(), ...now.keys()])].filter((field) => field !== WRITTEN_AT)
  return fields
    .filter((field) => !isDeepStrictEqual(old.get(field), now.get(field)))
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }))
}

/** The values of a document by dotted path; a list is one value, and so is an empty mapping. */
export function flat(document: object, path = ''): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue
    const isMapping = value !== null && typeof value === 'object' && !Array.isArray(value)
    if (isMapping && Object.keys(value).length > 0)
      for (const [field, inner] of flat(value, `${path}${key}.`)) values.set(field, inner)
    else values.set(`${path}${key}`, value)
  }
  return values
}
