/** `rebuild`: a table is built anew from the files of its generation, with other keys, mode, sequence or target, and swapped. */
import { newEntry, putEntry } from '../claims/entry.ts'
import { type FieldChange, fieldChanges } from '../config/differences.ts'
import { type RefusalPorts, refuseTakenTarget } from '../config/refuse-changes.ts'
import type { ResolvedTable } from '../config/resolved.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { SettledFile, TableItem } from '../contracts/ledger.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { LedgerError } from '../errors.ts'
import { EVERYTHING } from '../look-further.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableHistories, TableHistory } from '../ports/table-histories.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { configurationOf, FOR_EVER_S, goneOf, refuseGone, refuseUnresolved, settledSnapshot } from './applied-files.ts'
import { audited } from './audit.ts'
import { itemOf, moved, type VerbPorts } from './table-verb.ts'

export interface RebuildPorts extends VerbPorts, Omit<RefusalPorts, 'tables'> {
  readonly tables: Pick<TableLedger, 'get' | 'getMany' | 'replace' | 'runs'>
  readonly files: Pick<FileLedger, 'settledBetween' | 'waiting'>
  readonly objects: Pick<ObjectStore, 'head' | 'get' | 'list' | 'putIfAbsent'>
  readonly config: Pick<ConfigStore, 'cadences' | 'table' | 'tables'>
  readonly histories: TableHistories
  readonly controlBucket: string
  /** How long the ledger's history remembers a settled file. */
  readonly historyTtlMs: number
}

export interface RebuildPreview {
  readonly before: TableItem
  /** What the next runs give out until it is resolved. */
  readonly entry: PlanEntry
  readonly files: readonly SettledFile[]
  /** Among `files`: what was put is not on the bucket any more. */
  readonly gone: readonly SettledFile[]
  /** Of the settings: none, and the table is built anew as it is. */
  readonly changes: readonly FieldChange[]
}

/** One plan holds all of them. */
const MOST_FILES = 50_000

/**
 * What `wanted` would make of its table. Throws LedgerError TG3301, TG3350 (not in this state), TG3351 (not configured), TG3370 (no
 * data), TG3371 (files that are not known any more, too many, or on their way), ConfigurationError TG1223 (another table's target),
 * and what ports throw. Objects that are gone are told, and refused only by `doRebuild`.
 */
export async function previewRebuild(wanted: ResolvedTable, ports: RebuildPorts): Promise<RebuildPreview> {
  const table = wanted.source_table_name
  const before = await itemOf(table, ports)
  refuseUnresolved(before)
  if (before.last_snapshot === null) throw withoutData(table)
  const stored = await configurationOf(table, ports.config)
  await refuseTakenTarget(wanted, await allTables(ports.config), ports)
  const history = await ports.histories.of(stored.target)
  refuseAdopted(stored, history)
  const files = await filesOf(before, stored, wanted, ports)
  const generation = { id: before.generation + 1, replaces: true }
  // Of another target nothing is settled yet.
  const isSame = targetOf(stored) === targetOf(wanted)
  const from = { ...before, last_snapshot: isSame ? settledSnapshot(before, history) : null }
  const entry = newEntry(wanted, { files, generation }, from, ports.controlBucket)
  const gone = await goneOf(files, ports.objects)
  return { before, entry, files, gone, changes: fieldChanges(stored, wanted) }
}

// operator  get (revision 7) ─ looks ─ is asked, agrees ─ puts the entry ─ replace, if revision = 7: it is frozen, revision 8
// a claim   replace: revision 8, and the operator is refused; or later: it gives the operator's entry out like any that is open
// the job   commits all of it and says so: then the ledger goes on with the new generation; or rejects it: nothing has changed
/**
 * Freezes what was previewed, and leaves an audit item. Throws LedgerError TG3353 (objects gone) and TG3302 (the table was written
 * since the preview); nothing is changed then.
 */
export async function doRebuild(preview: RebuildPreview, reason: string | null, ports: RebuildPorts): Promise<void> {
  refuseGoneFiles(preview)
  const { before, entry, files } = preview
  const table = before.raw_table_name
  await audited({ verb: 'rebuild', target: table, reason }, ports, async (note) => {
    const { id } = entry.generation
    note({ files: files.length, generation: id, batch: entry.batch_id, target: targetOf(entry) })
    const entry_uri = await putEntry(table, entry, ports.controlBucket, ports.objects)
    const frozen = { batch_id: entry.batch_id, entry_uri, attempts: 0 }
    const replaced = await ports.tables.replace({ ...before, ...frozen, revision: before.revision + 1 }, before)
    if (!replaced.written) throw moved('rebuild', before, replaced.current)
  })
}

/** Throws LedgerError TG3353 if objects are gone. */
export const refuseGoneFiles = (preview: RebuildPreview): void =>
  refuseGone(preview.before.raw_table_name, preview, 'restore them, or load the table anew: `tidegate reload`')

export const targetOf = ({ target }: Pick<TableConfig, 'target'>): string => `${target.database}.${target.table}`

async function allTables(config: RebuildPorts['config']): Promise<TableConfig[]> {
  const cadences = await config.cadences()
  return (await Promise.all(cadences.map(({ refresh_cadence }) => config.tables(refresh_cadence)))).flat()
}

/** Rows that no file has can't be built. An adopted table's first snapshot is somebody else's; one that began to expire can't tell. */
function refuseAdopted({ source_table_name, target }: TableConfig, history: TableHistory | undefined): void {
  const first = history?.complete ? history.lineage.at(-1) : undefined
  if (target.adopt || first?.batch_id === null)
    throw notFrom(source_table_name, 'it was adopted with rows that no file has. Load it anew: `tidegate reload`')
}

/**
 * Oldest put first. Those of the present generation; a history that stays one has the versions of the generations before, too.
 */
async function filesOf(
  before: TableItem,
  stored: TableConfig,
  wanted: ResolvedTable,
  ports: RebuildPorts,
): Promise<SettledFile[]> {
  const table = before.raw_table_name
  const isHistory = stored.merge.mode === 'historical' && wanted.merge.mode === 'historical'
  const fromS = isHistory ? 0 : (before.generation_from_s ?? 0)
  await refuseForgotten(table, fromS * 1000, ports)
  if ((await ports.files.waiting(table, EVERYTHING)).some((file) => file.backfilled_at_ms !== undefined))
    throw notFrom(table, 'files of it are backfilled and not applied yet. Run its cadence first')
  const settled = await ports.files.settledBetween(table, fromS, FOR_EVER_S)
  const files = settled.filter((file) => file.file_ingestion_status === 'raw_file_processed')
  if (files.length === 0) throw notFrom(table, 'its history has no applied file. Load it anew: `tidegate reload`')
  if (files.length > MOST_FILES)
    throw notFrom(
      table,
      `\`${files.length}\` files are more than one plan holds (\`${MOST_FILES}\`). Load it anew: \`tidegate reload\``,
    )
  return files
}

/** A settled file is forgotten some time after; its rows would be missing, and nobody would know. */
async function refuseForgotten(table: string, fromMs: EpochMs, ports: RebuildPorts): Promise<void> {
  const rememberedSince = ports.clock.now() - ports.historyTtlMs
  if (fromMs >= rememberedSince) return
  const runs = await ports.tables.runs(table, EVERYTHING)
  if (runs.every((run) => run.ended_at_ms >= rememberedSince)) return
  const since = new Date(rememberedSince).toISOString()
  throw notFrom(
    table,
    `it is older than the history of its files, which are forgotten when they were settled before ${since}. Load it anew: \`tidegate reload\``,
  )
}

const withoutData = (table: string): LedgerError =>
  new LedgerError('TG3370', `\`${table}\` has no data yet: \`tidegate config apply\` may change whatever it wants.`)

const notFrom = (table: string, why: string): LedgerError =>
  new LedgerError('TG3371', `\`${table}\` can't be built anew from the files of its generation: ${why}.`)
