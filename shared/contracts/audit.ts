/** What an operator's verb leaves behind: who did what to what, why, and what came of it. */
import { z } from 'zod'
import { epochMs } from './primitives.ts'

export const auditItem = z.strictObject({
  /** `<ISO time with milliseconds>-<unique>`: sorts by when the act began. */
  id: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-\S+$/),
  at_ms: epochMs,
  /** As the command line knows it, e.g. `ada@laptop`; CloudTrail has the credentials. */
  who: z.string().min(1).max(255),
  /** As typed, without arguments: `dlq replay`, `unlock`. */
  verb: z.string().min(1).max(64),
  /** What it was done to: a table's ledger name, a queue, a file id; `all` when it was everything. */
  target: z.string().min(1).max(1024),
  reason: z.string().max(1024).nullable(),
  /** A dry run changes nothing, hence leaves nothing. */
  dry_run: z.literal(false),
  /** `begun` that stays means that the command was killed in the middle. */
  result: z.enum(['begun', 'done', 'failed']),
  /** Small facts, counts rather than lists. */
  details: z.record(z.string(), z.json()),
})

export type AuditItem = z.infer<typeof auditItem>

/** `raw_table_name` of all audit items in `file_processing_tracker_history`. No table's: a ledger key has an underscore. */
export const auditPartition = 'audit#'
