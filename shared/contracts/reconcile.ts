/** What the reconcile Lambda is asked, and where it goes on when the bucket is larger than its time. */
import { z } from 'zod'
import { epochMs } from './primitives.ts'

/** Its schedule sends nothing. Nothing can be asked for either: part of the bucket would move the whole one's cursor. */
export const reconcileInput = z.strictObject({})

/** `reconcile/cursor.json` on the control bucket. */
export const reconcileCursor = z.strictObject({
  contract: z.literal('tidegate.reconcile-cursor/1'),
  /** Null: the last listing came to its end, and the next begins anew. */
  start_after: z.string().nullable(),
  saved_at_ms: epochMs,
})
