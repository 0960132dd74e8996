/** Which of a table's waiting files a new claim freezes, and which are overwritten: pure, but for asking S3 about ties. */
import type { KnownFile, LandedFile } from '../contracts/ledger.ts'
import { EVERYTHING } from '../look-further.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'

export interface Caps {
  readonly files: number
  readonly bytes: number
}

export interface FileSet {
  /** Oldest first. */
  readonly chosen: LandedFile[]
  /** Those whose bytes are the newest of their key, beyond the caps too. */
  readonly standing: LandedFile[]
  /**
   * Files whose key has a newer put among the waiting ones: their bytes are gone. Of full loads only such of the same second: one
   * of another second is a reload's, and stands for more than the key.
   */
  readonly overwritten: LandedFile[]
}

/**
 * Oldest waiting files, as many as fill the caps; `thorough` reads them all: after a failed batch, since the newer put that explains it may wait far behind.
 */
export async function waitingFiles(
  table: string,
  caps: Caps,
  thorough: boolean,
  files: Pick<FileLedger, 'waiting'>,
): Promise<LandedFile[]> {
  return files.waiting(table, thorough ? EVERYTHING : Math.min(caps.files, EVERYTHING))
}

/**
 * Splits waiting files, oldest first, into what a claim takes and what it must not take: nothing that was put at `before_s` or
 * later, where a reload begins.
 */
export async function fileSetOf(
  waiting: readonly LandedFile[],
  caps: Caps,
  objects: Pick<ObjectStore, 'head'>,
  before_s = Number.POSITIVE_INFINITY,
): Promise<FileSet> {
  const newest = await newestPuts(waiting, objects)
  const isOverwritten = (file: LandedFile) => !newest.get(placeOf(file))?.includes(file)
  const isOfItsSecond = (file: LandedFile) => newest.get(placeOf(file))?.[0]?.put_at_s === file.put_at_s
  const standing = waiting.filter((file) => !isOverwritten(file))
  return {
    chosen: withinCaps(
      standing.filter((file) => file.put_at_s < before_s),
      caps,
    ),
    standing,
    overwritten: waiting.filter(
      (file) => isOverwritten(file) && (file.dms_file_type === 'Incremental' || isOfItsSecond(file)),
    ),
  }
}

export const placeOf = (file: KnownFile): string =>
  JSON.stringify([file.file_ingestion_s3_bucket, file.file_ingestion_path])

/**
 * The newest put of each key. Put times are whole seconds: of those of the same second, S3 says which one's bytes are there now.
 * If none is, all of them count, since nothing is superseded on a guess: the job misses them as it misses any file, and says so.
 */
async function newestPuts(waiting: readonly LandedFile[], objects: Pick<ObjectStore, 'head'>) {
  const newest = new Map<string, LandedFile[]>()
  for (const file of waiting) {
    const tied = newest.get(placeOf(file))?.filter((rival) => rival.put_at_s === file.put_at_s) ?? []
    const candidates = [file, ...tied]
    const there = tied.length > 0 ? await whichIsThere(candidates, objects) : file
    newest.set(placeOf(file), there ? [there] : candidates)
  }
  return newest
}

async function whichIsThere(files: readonly LandedFile[], objects: Pick<ObjectStore, 'head'>) {
  for (const file of files) if (await isThere(file, objects)) return file
  return undefined
}

export const isThere = async (file: LandedFile, objects: Pick<ObjectStore, 'head'>): Promise<boolean> =>
  (await objects.head(file.file_ingestion_s3_bucket, file.file_ingestion_path, file.etag)) !== undefined

/** The oldest files up to both caps, and always at least one, however large. */
function withinCaps(files: readonly LandedFile[], caps: Caps): LandedFile[] {
  let bytes = 0
  const end = files.findIndex((file, index) => {
    bytes += file.bytes
    return index >= caps.files || (index > 0 && bytes > caps.bytes)
  })
  return end === -1 ? [...files] : files.slice(0, end)
}
