/** The other direction: waiting files whose object is no longer there, or is another one. Nothing is changed; an operator decides. */
import { mapBounded } from '../bounded.ts'
import type { LandedFile } from '../contracts/ledger.ts'
import { isLate, type ReconcileOptions, type ReconcilePorts } from './options.ts'
import { keepExample, type LostFile, type ReconcileReport } from './report.ts'

const FILES_PER_PAGE = 500
const LOOKS_AT_ONCE = 16

/** Adds to `report`. Stops at the deadline; the next reconciliation begins anew. */
export async function findLost(
  options: ReconcileOptions,
  ports: ReconcilePorts,
  report: ReconcileReport,
): Promise<void> {
  let page: LandedFile[] = []
  const look = async (): Promise<void> => {
    const found = await mapBounded(page, LOOKS_AT_ONCE, (file) => lostFile(file, ports))
    report.waiting += page.length
    page = []
    for (const lost of found) {
      if (lost === undefined) continue
      report.lost += 1
      keepExample(report.examples.lost, lost)
    }
  }
  for await (const file of ports.census.everyWaiting(options.table)) {
    if (options.source !== undefined && file.source_name !== options.source) continue
    page.push(file)
    if (page.length < FILES_PER_PAGE) continue
    await look()
    if (isLate(options, ports)) {
      report.complete = false
      break
    }
  }
  await look()
  ports.signals.count('WaitingFilesLost', report.lost)
}

async function lostFile(file: LandedFile, ports: ReconcilePorts): Promise<LostFile | undefined> {
  const { file_ingestion_s3_bucket: bucket, file_ingestion_path: key, put_at_s } = file
  const head = await ports.objects.head(bucket, key)
  const same = head?.etag === file.etag && head.put_at_s === put_at_s && head.version_id === file.version_id
  if (same) return undefined
  // A batch may have been settled, and its objects cleared away, since the ledger was read.
  if (await ports.files.settled(file.source_table_name, file.file_id)) return undefined
  const what = head === undefined ? 'gone' : 'overwritten'
  return { table: file.source_table_name, key, put_at_s, file_id: file.file_id, what }
}
