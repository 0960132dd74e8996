/** The counts of an applied batch: from the outcome, or, when an earlier attempt committed it, from that commit's evidence. */
import { z } from 'zod'
import { type Outcome, type RowCounts, rowCounts } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import { jsonOf } from '../documents.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { evidenceFolder } from './tombstone-log.ts'

const filesDocument = z.looseObject({ contract: z.literal('tidegate.evidence/1'), rows: rowCounts })

/** Null when nobody counted: figures for people, which no decision rests on. */
export async function countsOf(
  planned: PlannedTable,
  outcome: Outcome,
  ports: { readonly objects: Pick<ObjectStore, 'get'>; readonly controlBucket: string },
): Promise<RowCounts | null> {
  if (outcome.rows || !outcome.evidence) return outcome.rows
  const batch = {
    table: planned.table,
    batch_id: planned.entry.batch_id,
    generation: planned.entry.generation.id,
    evidence: outcome.evidence,
  }
  const folder = evidenceFolder(batch, ports.controlBucket)
  const body = await ports.objects.get(folder.bucket, `${folder.key}files.json`)
  const parsed = filesDocument.safeParse(body === undefined ? undefined : jsonOf(body))
  return parsed.success ? parsed.data.rows : null
}
