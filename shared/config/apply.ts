/** `config apply`: makes the configuration tables and the sources on the control bucket say what the file says. */
import { isDeepStrictEqual } from 'node:util'
import { type BatchConfig, type SourcesDocument, sourcesDocument, type TableConfig } from '../contracts/config.ts'
import { controlLayout } from '../contracts/control-layout.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { ConfigurationError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Schedules } from '../ports/schedules.ts'
import type { ResolvedConfig } from './resolved.ts'

export interface ApplyPorts {
  readonly config: ConfigStore
  readonly objects: Pick<ObjectStore, 'get' | 'put'>
  readonly schedules: Schedules
  readonly clock: Clock
  readonly controlBucket: string
}

export interface Changes {
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly unchanged: number
}

/** A table that moved to another cadence counts as changed. */
export interface Applied {
  readonly cadences: Changes
  readonly tables: Changes
  readonly sources: Changes
}

/**
 * Writes what differs, and nothing when nothing does, so that a run that broke off is finished by the next one.
 * Throws ConfigurationError TG1220 (terminal), before anything is written, for a cadence without a deployed schedule.
 */
export async function applyConfig(resolved: ResolvedConfig, ports: ApplyPorts): Promise<Applied> {
  await refuseUndeployed(resolved, ports.schedules)
  const now = ports.clock.now()
  const stored = await ports.config.cadences()
  // A cadence is what tables are found by: it is written before they are, and deleted after them.
  const cadences = differences(stored, resolved.cadences, (cadence) => cadence.refresh_cadence)
  await inParallel(cadences.write, (cadence) => ports.config.putCadence({ ...cadence, applied_at_ms: now }))
  const names = [...new Set([...stored, ...resolved.cadences].map((cadence) => cadence.refresh_cadence))]
  const tables = await applyTables(resolved, names, now, ports.config)
  const sources = await applySources(resolved, now, ports)
  await inParallel(cadences.remove, (cadence) => ports.config.deleteCadence(cadence.refresh_cadence))
  return { cadences: cadences.changes, tables, sources }
}

async function refuseUndeployed({ cadences }: ResolvedConfig, schedules: Schedules): Promise<void> {
  const deployed = new Set(await schedules.deployed())
  const without = cadences.map((cadence) => cadence.refresh_cadence).filter((name) => !deployed.has(name))
  if (without.length === 0) return
  const names = without.slice(0, 20).map((name) => `\`${name}\``)
  throw new ConfigurationError(
    'TG1220',
    `no schedule is deployed for ${without.length === 1 ? 'cadence' : 'cadences'} ${names.join(', ')}: deploy (\`npx osls deploy\`), then apply again`,
  )
}

async function applyTables(
  resolved: ResolvedConfig,
  cadences: readonly string[],
  now: EpochMs,
  store: ConfigStore,
): Promise<Changes> {
  const stored = (await inParallel(cadences, (cadence) => store.tables(cadence))).flat()
  const tables = differences(stored, resolved.tables, (table) => `${table.refresh_cadence}/${table.source_table_name}`)
  await inParallel(tables.write, (table) => store.putTable({ ...table, applied_at_ms: now }))
  // After its new item is there: in between both cadences have the table, and its claim keeps them apart.
  await inParallel(tables.remove, (table) => store.deleteTable(table.refresh_cadence, table.source_table_name))
  const kept = new Set(resolved.tables.map((table) => table.source_table_name))
  const moved = new Set(tables.remove.map((table) => table.source_table_name).filter((name) => kept.has(name))).size
  const { added, changed, removed, unchanged } = tables.changes
  return { added: added - moved, changed: changed + moved, removed: removed - moved, unchanged }
}

async function applySources({ sources }: ResolvedConfig, now: EpochMs, ports: ApplyPorts): Promise<Changes> {
  const stored = await readSources(ports)
  const entries = (of: SourcesDocument['sources']) => Object.entries(of).map(([name, source]) => ({ name, source }))
  const { changes, write, remove } = differences(entries(stored?.sources ?? {}), entries(sources), ({ name }) => name)
  if (stored === undefined || write.length + remove.length > 0) {
    const document: SourcesDocument = { contract: 'tidegate.sources/1', applied_at_ms: now, sources }
    await ports.objects.put(ports.controlBucket, controlLayout.sources, JSON.stringify(document, null, 2))
  }
  return changes
}

/** Undefined when there are none, or none that this version can read: then they are written anew. */
async function readSources({ objects, controlBucket }: ApplyPorts): Promise<SourcesDocument | undefined> {
  const text = await objects.get(controlBucket, controlLayout.sources)
  if (text === undefined) return undefined
  try {
    return sourcesDocument.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

interface Differences<Stored, Wanted> {
  readonly write: Wanted[]
  readonly remove: Stored[]
  readonly changes: Changes
}

function differences<Stored extends object, Wanted extends object>(
  stored: readonly Stored[],
  wanted: readonly Wanted[],
  idOf: (item: Stored | Wanted) => string,
): Differences<Stored, Wanted> {
  const before = new Map(stored.map((item) => [idOf(item), item]))
  const after = new Set(wanted.map(idOf))
  const write = wanted.filter((item) => !isDeepStrictEqual(withoutTime(before.get(idOf(item))), withoutTime(item)))
  const remove = stored.filter((item) => !after.has(idOf(item)))
  const added = write.filter((item) => !before.has(idOf(item))).length
  const changes = {
    added,
    changed: write.length - added,
    removed: remove.length,
    unchanged: wanted.length - write.length,
  }
  return { write, remove, changes }
}

/** The time of the last write says nothing about what is configured. */
function withoutTime(item: object | undefined): object | undefined {
  if (item === undefined) return undefined
  const { applied_at_ms: _, ...rest } = item as Partial<BatchConfig | TableConfig>
  return rest
}

const AT_ONCE = 16

/** Results in order; three thousand tables one by one would take a minute. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as Item)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  return results
}
