/** Reading what the job left for one table, as a document that somebody else wrote. */
import { controlLayout } from '../contracts/control-layout.ts'
import { type Outcome, outcome } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import { jsonOf } from '../documents.ts'
import type { ObjectStore } from '../ports/object-store.ts'

/** Absent and unusable are the same to settling: nobody said what happened. */
export type OutcomeRead = Outcome | 'absent' | 'unusable'

/**
 * The outcome of this table, run, token and batch. `unusable`: no such document, or one that contradicts the plan: another
 * claim's, or a commit that does not account for every planned file.
 */
export async function readOutcome(
  planned: PlannedTable,
  runId: string,
  controlBucket: string,
  objects: Pick<ObjectStore, 'get'>,
): Promise<OutcomeRead> {
  const body = await objects.get(controlBucket, controlLayout.outcome(runId, planned.table, planned.token))
  if (body === undefined) return 'absent'
  const parsed = outcome.safeParse(jsonOf(body))
  return parsed.success && answers(parsed.data, planned, runId) ? parsed.data : 'unusable'
}

const answers = (read: Outcome, planned: PlannedTable, runId: string): boolean =>
  read.run_id === runId &&
  read.table === planned.table &&
  read.token === planned.token &&
  read.batch_id === planned.entry.batch_id &&
  (!isApplied(read) || accountsForAll(read, planned))

export const isApplied = (read: Outcome): boolean => read.result === 'committed' || read.result === 'already_committed'

/** A commit applies all files of its batch, or none. */
function accountsForAll(read: Outcome, planned: PlannedTable): boolean {
  const accounted = new Set(read.files.map((file) => file.file_id))
  return (
    read.evidence !== null &&
    accounted.size === planned.entry.files.length &&
    planned.entry.files.every((file) => accounted.has(file.file_id))
  )
}
