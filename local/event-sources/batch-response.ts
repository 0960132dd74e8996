/**
 * What a function's answer means for the messages of its batch.
 * Source: AWS Lambda guide, "Handling errors for an SQS event source in Lambda", `ReportBatchItemFailures`: success for a null
 * or empty answer or list; failure of the whole batch for what is not JSON, and for a bad, empty, null or unknown identifier.
 */
import { fieldsOf } from '../protocol.ts'

/** The messages to delete; the others become visible again when their visibility time-out ends. */
export type Succeeded = ReadonlySet<string>

const nothing: Succeeded = new Set()

/** Reads the payload of a successful invocation. `reportsFailures` is the mapping's `ReportBatchItemFailures`. */
export function succeededOf(messageIds: readonly string[], payload: string, reportsFailures: boolean): Succeeded {
  const all = new Set(messageIds)
  if (!reportsFailures) return all
  let response: unknown
  try {
    response = payload.trim() === '' ? null : JSON.parse(payload)
  } catch {
    return nothing
  }
  if (response === null) return all
  const failures = fieldsOf(response).batchItemFailures
  if (failures === null || failures === undefined) return all
  if (!Array.isArray(failures)) return nothing
  const failed = new Set<string>()
  for (const failure of failures) {
    const id = fieldsOf(failure).itemIdentifier
    if (typeof id !== 'string' || !all.has(id)) return nothing
    failed.add(id)
  }
  return new Set(messageIds.filter((id) => !failed.has(id)))
}
