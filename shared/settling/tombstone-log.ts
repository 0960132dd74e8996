/** The tombstone log: the deletes of each settled batch, on the control bucket, read only for late files. Names are made here. */
import { z } from 'zod'
import { controlLayout, parseS3Uri } from '../contracts/control-layout.ts'
import { batchId, ledgerKey, runId, token } from '../contracts/primitives.ts'
import { type Place, readDocument } from '../documents.ts'
import { InputError } from '../errors.ts'
import type { ObjectStore } from '../ports/object-store.ts'

/** `deletes.json` of a commit's evidence: see `spark-jobs/tidegate_job/evidence.py`, which writes it. */
const deletesIndex = z.looseObject({
  contract: z.literal('tidegate.deletes/1'),
  run_id: runId,
  table: ledgerKey,
  batch_id: batchId,
  token,
  generation: z.int().positive(),
  parts: z.array(z.looseObject({ part: z.int().nonnegative(), key: z.string().min(1), max_sequence: z.string() })),
})

/** The batch whose deletes are published; `evidence` is the URI of the folder that its commit names. */
export interface CommittedBatch {
  readonly table: string
  readonly batch_id: string
  readonly generation: number
  readonly evidence: string
}

/**
 * Name of a part, in the order of its highest sequence: a listing that starts after the hex of a sequence sees each part that
 * holds that sequence or a higher one. Hex keeps the order of UTF-8 text, and `-` sorts before every hex digit.
 */
export const tombstoneName = (maxSequence: string, batch: string, part: number): string =>
  `${Buffer.from(maxSequence, 'utf8').toString('hex')}-${batch}-${part}`

/**
 * Copies the deletes of a commit into the table's log. Same source, same name: repeating is harmless. Throws InputError
 * TG2311 when the evidence is not there or is another batch's.
 */
export async function publishTombstones(
  batch: CommittedBatch,
  controlBucket: string,
  objects: Pick<ObjectStore, 'get' | 'copy'>,
): Promise<void> {
  const folder = evidenceFolder(batch, controlBucket)
  const index = await readDocument(deletesIndex, { ...folder, key: `${folder.key}deletes.json` }, objects)
  if (index?.table !== batch.table || index.batch_id !== batch.batch_id || index.generation !== batch.generation) {
    throw notItsEvidence(batch, index ? 'its `deletes.json` is of another batch' : 'it has no `deletes.json`')
  }
  const log = controlLayout.tombstones(batch.table, batch.generation)
  for (const { part, key, max_sequence } of index.parts) {
    if (!key.startsWith(folder.key)) throw notItsEvidence(batch, `its part \`${key}\` lies elsewhere`)
    const name = tombstoneName(max_sequence, batch.batch_id, part)
    await objects.copy({ bucket: controlBucket, key }, { bucket: controlBucket, key: `${log}${name}` })
  }
}

/** The folder, checked to be below this table and batch: an outcome can't have another object copied. */
export function evidenceFolder(batch: CommittedBatch, controlBucket: string): Place {
  const place = parseS3Uri(batch.evidence)
  const parent = `commits/${batch.table}/${batch.batch_id}/`
  const below = place.key.slice(parent.length)
  if (place.bucket !== controlBucket || !place.key.startsWith(parent) || !/^\d+\/$/.test(below)) {
    throw notItsEvidence(batch, `it is not a folder below \`s3://${controlBucket}/${parent}\``)
  }
  return place
}

const notItsEvidence = (batch: CommittedBatch, why: string): InputError =>
  new InputError(
    'TG2311',
    `\`${batch.evidence}\` can't be the evidence of batch \`${batch.batch_id}\` of \`${batch.table}\`: ${why}. Restore the objects below it; the next run settles the batch again.`,
  )
