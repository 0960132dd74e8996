/** What a new claim of a table takes: files of the present generation, or a complete reload as a whole. */
import type { BatchConfig, TableConfig } from '../contracts/config.ts'
import type { KnownFile, LandedFile, TableItem } from '../contracts/ledger.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type Caps, type FileSet, fileSetOf, waitingFiles } from './file-set.ts'
import { type Loads, loadsOf, truncatedAtS } from './generations.ts'
import { type Hold, nameCollision, reloadFileGone, truncatedAtSource } from './hold.ts'
import { isOfOriginalBatch, originalBatch } from './original-batch.ts'
import { isDue, type StagedReload, stagedReload } from './reload.ts'

export interface ChoicePorts {
  readonly files: Pick<FileLedger, 'waiting' | 'marker' | 'quarantined' | 'settledFiles'>
  readonly objects: Pick<ObjectStore, 'head'>
  readonly clock: Clock
}

/** What no batch will ever apply, since other puts stand for it. */
export interface Obsolete {
  readonly overwritten: readonly LandedFile[]
  readonly before_reload: readonly LandedFile[]
  /** Deleted with a truncation after which the table's rows were to stay. */
  readonly truncated: readonly LandedFile[]
}

export type Choice = { readonly obsolete: Obsolete } & (
  | {
      readonly kind: 'files'
      readonly files: readonly KnownFile[]
      readonly generation: PlanEntry['generation']
      /** No file of it may be put aside: without one it would be another batch. */
      readonly whole?: true
    }
  | ({ readonly kind: 'hold' } & Hold)
  | { readonly kind: 'nothing'; readonly reason: 'nothing_waits' | 'reload_is_staged' }
)

/**
 * The job's numbers for a planned file that has other bytes now, and for a batch that was only looked for since files of it are
 * gone: a newer put may wait far behind.
 */
const FILE_OVERWRITTEN = 'TG2102'
const RESOLVED_ABSENT = 'TG4006'

/** Looks only; throws what ports throw. */
export async function chooseFiles(
  config: TableConfig,
  item: TableItem | undefined,
  cadence: BatchConfig,
  ports: ChoicePorts,
): Promise<Choice> {
  const found = await look(config.source_table_name, item, capsOf(cadence), ports)
  const { loads, set } = found
  const obsolete = obsoleteOf(loads, set)
  const id = item?.generation ?? 1
  const again = originalBatch(config.source_table_name, id, found.waiting)
  if (again) return { kind: 'files', files: again, generation: { id, replaces: false }, obsolete, whole: true }
  const reload = await reloadIn(found, config, item, ports)
  const isNow = reload !== undefined && isDue(reload, ports.clock.now())
  if (isNow && !reload.obstacle) {
    // A history keeps what it has, and gets the load's rows as versions of the new generation.
    const generation = { id: id + 1, replaces: config.merge.mode === 'snapshot', from_s: reload.from_s }
    const trouble = nameCollision(config, reload.full)
    return trouble
      ? { kind: 'hold', obsolete, ...trouble }
      : { kind: 'files', files: reload.files, generation, obsolete }
  }
  const trouble =
    (isNow ? goneOf(config, reload) : undefined) ??
    nameCollision(config, set.chosen) ??
    truncationIn(reload, config, item)
  if (trouble) return { kind: 'hold', obsolete, ...trouble }
  if (set.chosen.length > 0) return { kind: 'files', files: set.chosen, generation: { id, replaces: false }, obsolete }
  if (reload) return { kind: 'nothing', reason: 'reload_is_staged', obsolete }
  return { kind: 'nothing', reason: 'nothing_waits', obsolete }
}

/** The reload that is staged, for those who only want to know. */
export async function stagedReloadOf(
  config: TableConfig,
  item: TableItem | undefined,
  ports: Pick<ChoicePorts, 'files' | 'objects'>,
): Promise<StagedReload | undefined> {
  const everything = { files: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER }
  return reloadIn(await look(config.source_table_name, item, everything, ports), config, item, ports)
}

/** Until a load comes, or somebody says that none will, nothing can be applied to a truncated table. */
function truncationIn(reload: StagedReload | undefined, config: TableConfig, item: TableItem | undefined) {
  const atS = truncatedAtS(item)
  const isAlone = reload?.full.length === 0 && reload.obstacle === null
  return atS !== undefined && isAlone ? truncatedAtSource(config.source_table_name, atS, 'decided') : undefined
}

const goneOf = (config: TableConfig, { obstacle }: StagedReload): Hold | undefined =>
  obstacle?.kind === 'gone' ? reloadFileGone(config.source_table_name, obstacle) : undefined

/** The same files again, for a claim whose owner comes back: what waits and must not. */
export async function obsoleteFiles(
  item: TableItem,
  cadence: BatchConfig,
  ports: Pick<ChoicePorts, 'files' | 'objects'>,
): Promise<Obsolete> {
  const { loads, set } = await look(item.raw_table_name, item, capsOf(cadence), ports)
  return obsoleteOf(loads, set)
}

const capsOf = ({ max_files_per_claim: files, max_bytes_per_claim: bytes }: BatchConfig): Caps => ({ files, bytes })

interface Found {
  readonly waiting: readonly LandedFile[]
  readonly loads: Loads
  readonly set: FileSet
}

async function look(
  table: string,
  item: TableItem | undefined,
  caps: Caps,
  ports: Pick<ChoicePorts, 'files' | 'objects'>,
): Promise<Found> {
  const lookAt = async (thorough: boolean) => {
    const waiting = await waitingFiles(table, caps, thorough, ports.files)
    return { waiting, loads: await loadsOf(item, waiting, ports) }
  }
  const code = item?.error?.code
  const first = await lookAt(code === FILE_OVERWRITTEN || code === RESOLVED_ABSENT)
  // A reload is seen whole, however far behind its newest file waits, and so is a batch that goes again.
  const isPart = first.loads.reload !== undefined || first.waiting.some(isOfOriginalBatch)
  const { waiting, loads } = isPart ? await lookAt(true) : first
  const obsolete = new Set([...loads.older, ...loads.overwritten, ...loads.truncated])
  const current = waiting.filter((file) => !obsolete.has(file))
  const others = current.filter((file) => !isOfOriginalBatch(file))
  return { waiting: current, loads, set: await fileSetOf(others, caps, ports.objects, loads.reload?.waits_from_s) }
}

async function reloadIn(
  { waiting, loads, set }: Found,
  config: TableConfig,
  item: TableItem | undefined,
  ports: Pick<ChoicePorts, 'files' | 'objects'>,
): Promise<StagedReload | undefined> {
  if (!loads.reload) return undefined
  const found = { waiting, standing: set.standing, quarantined: loads.quarantined }
  return stagedReload(config, item, loads.reload, found, ports)
}

const obsoleteOf = (loads: Loads, set: FileSet): Obsolete => ({
  overwritten: [...set.overwritten, ...loads.overwritten],
  before_reload: loads.older,
  truncated: loads.truncated,
})
