/** `config apply`: makes the configuration tables and the sources on the control bucket say what the file says. */
import { mapBounded } from '../bounded.ts'
import type { SourcesDocument, TableConfig } from '../contracts/config.ts'
import { controlLayout } from '../contracts/control-layout.ts'
import { ConfigurationError } from '../errors.ts'
import { shown } from '../files/shown.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Schedules } from '../ports/schedules.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { type Consequences, consequences } from './consequences.ts'
import { type Changes, differences } from './differences.ts'
import { refusalUnderData, type UnderData } from './refuse-changes.ts'
import { rememberRemoved } from './removed-tables.ts'
import type { ResolvedConfig } from './resolved.ts'
import { storedConfig } from './stored-config.ts'

export interface ApplyPorts {
  readonly config: ConfigStore
  readonly tables: Pick<TableLedger, 'getMany'>
  readonly files: Pick<FileLedger, 'waitingByTable'>
  readonly objects: Pick<ObjectStore, 'get' | 'put' | 'list'>
  readonly schedules: Schedules
  readonly clock: Clock
  readonly controlBucket: string
}

/** A table that moved to another cadence counts as changed. */
export interface Applied {
  readonly cadences: Changes
  readonly tables: Changes
  readonly sources: Changes
  /** As the ledger was just before. */
  readonly consequences: Consequences
}

/** Three thousand tables one by one would take a minute. */
const AT_ONCE = 16

/**
 * Writes what differs, and nothing when nothing does, so that a run that broke off is finished by the next one.
 * Throws ConfigurationError (terminal), before anything is written: TG1220 for a cadence without a deployed schedule, TG1222
 * for a table that has data and would get other keys, mode, sequence or target, TG1223 for one that would write where another
 * one's data is. TG1224 (transient), in the middle, if a run claimed such a table meanwhile.
 */
export async function applyConfig(resolved: ResolvedConfig, ports: ApplyPorts): Promise<Applied> {
  await refuseUndeployed(resolved, ports.schedules)
  const applied_at_ms = ports.clock.now()
  const stored = await storedConfig(ports, cadenceNames(resolved))
  const found = differences(resolved, stored)
  const { refusal, seen } = await refusalUnderData(found, stored.tables, ports)
  if (refusal) throw refusal
  const meant = await consequences(found, ports)
  const { cadences, tables, sources } = found
  // A cadence is what tables are found by: it is written before they are, and deleted after them.
  await mapBounded(cadences.write, AT_ONCE, (cadence) => ports.config.putCadence({ ...cadence, applied_at_ms }))
  await mapBounded(tables.write, AT_ONCE, (table) => putTable({ ...table, applied_at_ms }, seen, ports.config))
  const gone = new Set(meant.removed.map(({ table }) => table))
  const leaving = tables.remove.filter((table) => gone.has(table.source_table_name))
  await rememberRemoved(leaving, applied_at_ms, ports.controlBucket, ports.objects)
  // After its new item is there: in between both cadences have the table, and its claim keeps them apart.
  const placed = new Map(tables.write.map((table) => [table.source_table_name, table.refresh_cadence]))
  await mapBounded(tables.remove, AT_ONCE, (table) =>
    deleteTable(table, placed.get(table.source_table_name), seen, ports.config),
  )
  if (!stored.hasSources || sources.items.length > 0) {
    const document: SourcesDocument = { contract: 'tidegate.sources/1', applied_at_ms, sources: resolved.sources }
    await ports.objects.put(ports.controlBucket, controlLayout.sources, JSON.stringify(document, null, 2))
  }
  await mapBounded(cadences.remove, AT_ONCE, (cadence) => ports.config.deleteCadence(cadence.refresh_cadence))
  return { cadences: cadences.changes, tables: tables.changes, sources: sources.changes, consequences: meant }
}

/** A table that may only be changed so while it has no data is put only if no claim came since that was looked up. */
async function putTable(table: TableConfig, seen: UnderData['seen'], config: ConfigStore): Promise<void> {
  const name = table.source_table_name
  if (!seen.has(name)) return config.putTable(table)
  if (!(await config.putTableAsSeen(table, seen.get(name)))) throw claimedMeanwhile(name)
}

/**
 * A table that moves to another cadence with other keys may be claimed by the old one until it is gone there: then it stays as
 * that claim read it, and what was written under the new cadence goes.
 */
async function deleteTable(
  table: TableConfig,
  movedTo: string | undefined,
  seen: UnderData['seen'],
  config: ConfigStore,
): Promise<void> {
  const { refresh_cadence: cadence, source_table_name: name } = table
  if (!seen.has(name)) return config.deleteTable(cadence, name)
  if (await config.deleteTableAsSeen(cadence, name, seen.get(name))) return
  if (movedTo !== undefined && movedTo !== cadence) await config.deleteTable(movedTo, name)
  throw claimedMeanwhile(name)
}

const claimedMeanwhile = (name: string): ConfigurationError =>
  new ConfigurationError(
    'TG1224',
    `\`${shown(name)}\` was claimed by a run while its keys, mode, sequence or target were about to be changed: it may have data by now. Other tables may have been written; apply again, and what is left is applied or refused.`,
    { certainty: 'transient' },
  )

export const cadenceNames = ({ cadences }: ResolvedConfig): string[] =>
  cadences.map((cadence) => cadence.refresh_cadence)

/** Cadences of the file that no schedule is deployed for: `config apply` refuses them. */
export async function undeployedCadences(resolved: ResolvedConfig, schedules: Schedules): Promise<string[]> {
  const deployed = new Set(await schedules.deployed())
  return cadenceNames(resolved).filter((name) => !deployed.has(name))
}

async function refuseUndeployed(resolved: ResolvedConfig, schedules: Schedules): Promise<void> {
  const without = await undeployedCadences(resolved, schedules)
  if (without.length === 0) return
  const names = without.slice(0, 20).map((name) => `\`${name}\``)
  throw new ConfigurationError(
    'TG1220',
    `no schedule is deployed for ${without.length === 1 ? 'cadence' : 'cadences'} ${names.join(', ')}: deploy (\`npx osls deploy\`), then apply again`,
  )
}
