/** A staged reload: which files it has, whether anything is missing, and when it is complete. */
import { mapBounded } from '../bounded.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { KnownFile, LandedFile, SettledFile, TableItem } from '../contracts/ledger.ts'
import type { EpochMs, EpochSeconds } from '../contracts/primitives.ts'
import { shown } from '../files/shown.ts'
import { lookFurther } from '../look-further.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { placeOf } from './file-set.ts'
import { type Beginning, isFull, type Loads } from './generations.ts'

export interface StagedReload extends Beginning {
  /** Its full-load files as they landed, oldest first. */
  readonly full: readonly LandedFile[]
  /** What the one commit that puts it in place applies; nothing else comes first. */
  readonly files: readonly KnownFile[]
  /** Why it can't be put in place now, whoever says that it is complete; null: nothing is in the way. */
  readonly obstacle: Obstacle | null
  /** When it is complete, if no more of its files land until then; `operator`: when somebody says so. */
  readonly complete_at_ms: EpochMs | 'operator'
}

/** `gone`: no time brings it back. */
export interface Obstacle {
  readonly kind: 'quarantined' | 'changing' | 'gone'
  readonly file: KnownFile
  /** In words that say what to do. */
  readonly says: string
}

export interface ReloadPorts {
  readonly files: Pick<FileLedger, 'settledFiles'>
  readonly objects: Pick<ObjectStore, 'head'>
}

/**
 * `waiting` are all waiting files, `standing` those whose bytes are the newest of their key.
 *
 * An event may come late: a change put after the reload began may have been merged into the generation before, since nobody knew
 * of the reload yet, and so may a full-load file with a key of its own. Put times decide all the same. So what history has from
 * the beginning on is applied again, with the reload and in its commit; in a historical table its rows are there already.
 */
export async function stagedReload(
  config: TableConfig,
  item: TableItem | undefined,
  begins: Beginning,
  {
    quarantined,
    waiting,
    standing,
  }: Pick<Loads, 'quarantined'> & Record<'waiting' | 'standing', readonly LandedFile[]>,
  ports: ReloadPorts,
): Promise<StagedReload> {
  const ofIt = (file: KnownFile) => file.put_at_s >= begins.from_s
  const full = waiting.filter((file) => isFull(file) && ofIt(file))
  const early = config.merge.mode === 'historical' ? [] : await appliedEarly(item, begins, waiting, ports.files)
  const obstacle = asideIn(quarantined.filter(ofIt), waiting) ?? (await changedSince(early, ports.objects)) ?? null
  const files: KnownFile[] = [...standing.filter((file) => isFull(file) && ofIt(file)), ...early]
  return {
    ...begins,
    full,
    files: files.sort((a, b) => (a.file_id < b.file_id ? -1 : 1)),
    obstacle,
    complete_at_ms: completeAt(config, item, begins, full),
  }
}

/** Whether it is to be put in place now, as far as nothing is in the way. */
export const isDue = ({ complete_at_ms }: StagedReload, nowMs: EpochMs): boolean =>
  complete_at_ms !== 'operator' && complete_at_ms <= nowMs

/** An operator's word counts for the reload that it was said of: another beginning is another reload. */
function completeAt(
  config: TableConfig,
  item: TableItem | undefined,
  { from_s }: Beginning,
  full: readonly LandedFile[],
): StagedReload['complete_at_ms'] {
  if (item?.reload?.complete_from_s === from_s) return 0
  // Of a truncation nothing need ever come.
  if (config.reload?.complete_when !== 'quiet' || full.length === 0) return 'operator'
  const latest = full.map((file) => Math.max(file.landed_at_ms, file.put_at_s * 1000))
  return Math.max(...latest) + config.reload.quiet_ms
}

/** From the beginning of the reload on, and applied to the generation before. */
async function appliedEarly(
  item: TableItem | undefined,
  { from_s }: Beginning,
  waiting: readonly LandedFile[],
  files: ReloadPorts['files'],
): Promise<SettledFile[]> {
  if (!item) return []
  const settled = await settledSince(item.raw_table_name, from_s, files)
  const [newestSettled, newestWaiting] = [newestPutOf(settled), newestPutOf(waiting)]
  return settled.filter(
    (file) =>
      file.file_ingestion_status === 'raw_file_processed' &&
      newestSettled.get(placeOf(file)) === file.put_at_s &&
      (newestWaiting.get(placeOf(file)) ?? 0) < file.put_at_s,
  )
}

function newestPutOf(files: readonly KnownFile[]): Map<string, EpochSeconds> {
  const newest = new Map<string, EpochSeconds>()
  for (const file of files) newest.set(placeOf(file), Math.max(newest.get(placeOf(file)) ?? 0, file.put_at_s))
  return newest
}

/** Of the latest settled files, asked for first. */
const FEW = 64

async function settledSince(table: string, from_s: EpochSeconds, files: ReloadPorts['files']): Promise<SettledFile[]> {
  const isOf = (file: KnownFile) => file.put_at_s >= from_s
  const latest = await lookFurther(
    FEW,
    (limit) => files.settledFiles(table, limit),
    (found) => !found.every(isOf),
  )
  return latest.filter(isOf)
}

/** A corrected put of its key takes its place. */
function asideIn(quarantined: readonly KnownFile[], waiting: readonly LandedFile[]): Obstacle | undefined {
  const waits = new Set(waiting.map(placeOf))
  const file = quarantined.find((one) => !waits.has(placeOf(one)))
  return file && obstacle('quarantined', file, 'is in quarantine: put a good one, release or discard it')
}

const LOOKS_AT_ONCE = 16

async function changedSince(
  early: readonly KnownFile[],
  objects: ReloadPorts['objects'],
): Promise<Obstacle | undefined> {
  const found = await mapBounded(early, LOOKS_AT_ONCE, async (file) => {
    const head = await objects.head(file.file_ingestion_s3_bucket, file.file_ingestion_path)
    if (!head)
      return obstacle(
        'gone',
        file,
        'was applied before the reload was known, must be applied again, and is gone: put it again',
      )
    return head.etag === file.etag ? undefined : obstacle('changing', file, 'was put again: its event is on its way')
  })
  return found.find((one) => one?.kind === 'gone') ?? found.find((one) => one !== undefined)
}

const obstacle = (kind: Obstacle['kind'], file: KnownFile, says: string): Obstacle => ({
  kind,
  file,
  says: `\`${shown(file.file_ingestion_path)}\` ${says}`,
})
