/** Generations (rule 7): a full load and the changes that follow it. Where a next one begins among the waiting files. */
import { mapBounded } from '../bounded.ts'
import type { FullLoadMarker, KnownFile, LandedFile, TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { isThere } from './file-set.ts'

/** Put times, from which on files belong to a load that is not in the table yet. */
export interface Beginning {
  /** Of the first such load: what was put before goes on into the present generation. 0 once that was truncated. */
  readonly waits_from_s: EpochSeconds
  /** Of the newest one, which stands for all before it: what was put before is older than the reload. */
  readonly from_s: EpochSeconds
}

/** Where the present generation began. */
export const beganAtS = (item: TableItem | undefined): EpochSeconds => item?.generation_from_s ?? 0

/** When all files of the present generation were deleted; undefined if nothing is known of such. */
export const truncatedAtS = (item: TableItem | undefined): EpochSeconds | undefined => {
  const atS = item?.truncated_at_s
  return atS !== undefined && atS > beganAtS(item) ? atS : undefined
}

export interface Loads {
  /** Older than the present generation: its load stands for them. */
  readonly older: readonly LandedFile[]
  /** Deleted by a truncation after which the table's rows were to stay: nobody can apply them any more. */
  readonly truncated: readonly LandedFile[]
  /** Full-load files of which it has a newer put: they were landed late. */
  readonly overwritten: readonly LandedFile[]
  /** Undefined: every waiting file belongs to the present generation. */
  readonly reload: Beginning | undefined
  /** Full-load files that somebody must decide about; they belong to the load that they were put in. */
  readonly quarantined: readonly KnownFile[]
}

interface LoadPorts {
  readonly files: Pick<FileLedger, 'marker' | 'quarantined'>
  readonly objects: Pick<ObjectStore, 'head'>
}

type Markers = ReadonlyMap<string, Pick<FullLoadMarker, 'put_at_s' | 'marker_of'>>

const LOOKS_AT_ONCE = 16
/** Of a table with more than that somebody looks anyway. */
const MOST_QUARANTINED = 1000

/**
 * What the waiting files of a table, oldest first, say about its loads. Put times decide, and neither names nor the order in
 * which events come:
 * - the first full load supersedes nothing, and any key that the generation has not seen adds to it;
 * - a key that it has seen, put again, begins the next generation; again within that one, one more; so does the first full-load
 *   file after an operator asked for a reload;
 * - of two puts within one second that both wait, neither is "again": S3 says which one counts;
 * - a full-load file older than what its generation has of its key is overwritten: it was landed late;
 * - a quarantined file begins what it would have begun, but a corrected put of its key belongs to the same load;
 * - a truncation begins one with its deletions: its load is empty, but for full-load files that are put since.
 */
export async function loadsOf(
  item: TableItem | undefined,
  waiting: readonly LandedFile[],
  ports: LoadPorts,
): Promise<Loads> {
  const from_s = beganAtS(item)
  const older = waiting.filter((file) => file.put_at_s < from_s)
  const truncated = await givenUp(item, waiting, ports.objects)
  const full = waiting.filter((file) => isFull(file) && file.put_at_s >= from_s && !truncated.includes(file))
  const truncated_at_s = truncatedAtS(item)
  if (!item || (full.length === 0 && truncated_at_s === undefined))
    return { older, truncated, overwritten: [], reload: reloadOf(beginnings(full, [])), quarantined: [] }
  const [markers, aside] = await Promise.all([
    markersOf(item, full, ports.files),
    ports.files.quarantined(item.raw_table_name, MOST_QUARANTINED),
  ])
  const isGone = await mapBounded(full, LOOKS_AT_ONCE, (file) => isOverwritten(file, markers, ports.objects))
  const quarantined = aside.filter((file) => isFull(file) && file.put_at_s >= from_s)
  const standing = full.filter((_, index) => !isGone[index])
  const asked_at_s = item.reload?.asked_at_s ?? null
  return {
    older,
    truncated,
    overwritten: full.filter((_, index) => isGone[index]),
    reload: reloadOf(
      beginnings(standing, quarantined, { markers, from_s, asked_at_s, truncated_at_s }),
      truncated_at_s,
    ),
    quarantined,
  }
}

async function givenUp(
  item: TableItem | undefined,
  waiting: readonly LandedFile[],
  objects: LoadPorts['objects'],
): Promise<LandedFile[]> {
  const [fromS, overS] = [beganAtS(item), item?.truncation_over_s ?? 0]
  const before = waiting.filter((file) => file.put_at_s >= fromS && file.put_at_s < overS)
  const isHere = await mapBounded(before, LOOKS_AT_ONCE, (file) => isThere(file, objects))
  return before.filter((_, index) => !isHere[index])
}

export const isFull = (file: KnownFile): boolean => file.dms_file_type === 'Full'

const reloadOf = (starts: readonly EpochSeconds[], truncated_at_s?: EpochSeconds): Beginning | undefined => {
  // What waits and was put before is gone from the bucket: nothing goes into a truncated generation any more.
  const waits_from_s = truncated_at_s === undefined ? starts[0] : 0
  const from_s = starts.at(-1)
  return waits_from_s === undefined || from_s === undefined ? undefined : { waits_from_s, from_s }
}

interface Known {
  readonly markers: Markers
  readonly from_s: EpochSeconds
  readonly asked_at_s: EpochSeconds | null
  readonly truncated_at_s?: EpochSeconds | undefined
}

/** The put times at which a next generation begins, in their order. */
export function beginnings(
  full: readonly LandedFile[],
  quarantined: readonly KnownFile[],
  { markers, from_s, asked_at_s, truncated_at_s }: Known = { markers: new Map(), from_s: 0, asked_at_s: null },
): EpochSeconds[] {
  const starts: EpochSeconds[] = []
  const latest = new Map<string, EpochSeconds>()
  const aside = new Set<KnownFile>(quarantined)
  const beginsBy = (put_at_s: EpochSeconds) => {
    const isNext = truncated_at_s !== undefined && truncated_at_s > (starts.at(-1) ?? from_s)
    if (isNext && truncated_at_s <= put_at_s) starts.push(truncated_at_s)
  }
  for (const file of [...full, ...quarantined].sort((a, b) => a.put_at_s - b.put_at_s)) {
    beginsBy(file.put_at_s)
    const start = starts.at(-1) ?? from_s
    const key = file.file_ingestion_path
    const marker = markers.get(key)
    const before = latest.get(key) ?? (marker?.marker_of === file.file_id ? undefined : marker?.put_at_s)
    const isAgain = before !== undefined && before >= start && (before < file.put_at_s || !latest.has(key))
    const isAsked = asked_at_s !== null && start < asked_at_s && file.put_at_s >= asked_at_s
    if (isAgain || isAsked) starts.push(file.put_at_s)
    if (!aside.has(file)) latest.set(key, file.put_at_s)
  }
  beginsBy(Number.POSITIVE_INFINITY)
  return starts
}

/** By key, what the present generation has of it. */
async function markersOf(item: TableItem, full: readonly LandedFile[], files: LoadPorts['files']): Promise<Markers> {
  const keys = [...new Set(full.map((file) => file.file_ingestion_path))]
  const found = await mapBounded(keys, LOOKS_AT_ONCE, async (key) => [key, await markerOf(item, key, files)] as const)
  return new Map(found.flatMap(([key, marker]) => (marker ? [[key, marker]] : [])))
}

/**
 * A file of a reload that came before the reload was known went into the generation before, and has its marker there. A rebuild is
 * a generation of its own, with the files of the one before.
 */
async function markerOf(item: TableItem, key: string, files: LoadPorts['files']) {
  const { raw_table_name: table, generation, generation_from_s: from_s } = item
  const oldest = Math.max(1, generation - (item.rebuilt?.times ?? 0) - (from_s === null ? 0 : 1))
  for (let id = generation; id >= oldest; id -= 1) {
    const marker = await files.marker(table, id, key)
    if (marker && marker.put_at_s >= (from_s ?? 0)) return marker
  }
  return undefined
}

async function isOverwritten(file: LandedFile, markers: Markers, objects: LoadPorts['objects']): Promise<boolean> {
  const marker = markers.get(file.file_ingestion_path)
  if (!marker || marker.marker_of === file.file_id || marker.put_at_s < file.put_at_s) return false
  return marker.put_at_s > file.put_at_s || !(await isThere(file, objects))
}
