/** What operators did, kept beside the runs. Memory, AWS: one contract suite. */
import type { AuditItem } from '../contracts/audit.ts'

export interface AuditLog {
  /** Writes the item, or writes over the one with its id. */
  put(item: AuditItem): Promise<void>
  /** Newest first, strongly consistent, at most `limit`. */
  recent(limit: number): Promise<AuditItem[]>
}
