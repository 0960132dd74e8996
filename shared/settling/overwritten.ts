/** Change files that the job found overwritten: if their newer put is known to the ledger, they are superseded by it. */
import { supersede } from '../claims/supersede.ts'
import type { LandedFile } from '../contracts/ledger.ts'
import type { BadFile } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import { fileIdOf } from '../files/file-id.ts'
import { plannedOf } from './move-files.ts'
import type { SettlePorts } from './settle-ports.ts'

/**
 * A claim supersedes what has a newer put among the waiting files. Where that one is settled already (the old put was landed late),
 * nobody else would, and its table would try in vain for ever. One whose newer put nobody knows yet goes on waiting for its event.
 */
export async function supersedeOverwritten(
  planned: PlannedTable,
  overwritten: readonly BadFile[],
  ports: SettlePorts,
): Promise<void> {
  if (overwritten.length === 0) return
  const named = new Set(overwritten.map((file) => file.file_id))
  const waiting = (await plannedOf(planned, ports)).filter(
    (file) => named.has(file.file_id) && file.dms_file_type === 'Incremental',
  )
  const gone: LandedFile[] = []
  for (const file of waiting) if (await hasSettledSuccessor(file, ports)) gone.push(file)
  await supersede({ raw_table_name: planned.table, claim_token: planned.token }, gone, ports)
}

async function hasSettledSuccessor(file: LandedFile, ports: SettlePorts): Promise<boolean> {
  const [bucket, key] = [file.file_ingestion_s3_bucket, file.file_ingestion_path]
  const now = await ports.objects.head(bucket, key)
  if (!now) return false
  const id = fileIdOf({ bucket, key, versionId: now.version_id, etag: now.etag, putAtS: now.put_at_s })
  return id !== file.file_id && (await ports.files.settled(file.source_table_name, id)) !== undefined
}
