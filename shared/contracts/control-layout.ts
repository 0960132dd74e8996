/**
 * Where everything lies on the control bucket. `spark-jobs/tidegate_job/layout.py` is its mirror.
 * A ledger key has no slash and is never `.` or `..` (it is `{schema}_{table}`), so it is one segment of an object key as it is.
 */

export const controlLayout = {
  sources: 'config/sources.json',
  removedTables: 'config/removed/',
  removedTable: (table: string) => `config/removed/${table}.json`,
  reconcileCursor: 'reconcile/cursor.json',
  manifest: (execution: string) => `runs/${execution}/manifest.json`,
  settled: (execution: string, batch: number) => `runs/${execution}/settled/${batch}.json`,
  summary: (execution: string) => `runs/${execution}/summary.json`,
  plan: (runId: string) => `runs/${runId}/plan.json`,
  claims: (runId: string) => `runs/${runId}/claims.json`,
  outcomes: (runId: string) => `runs/${runId}/outcomes/`,
  outcome: (runId: string, table: string, token: number) => `runs/${runId}/outcomes/${table}-${token}.json`,
  /**
   * `content` is a hash of the entry itself: the same files with a corrected configuration are another object, so that what a
   * claim froze is never written over.
   */
  entry: (table: string, batchId: string, content: string) => `entries/${table}/${batchId}-${content}.json`,
  /** What the names of all entries of the batch begin with. */
  entries: (table: string, batchId: string) => `entries/${table}/${batchId}-`,
  evidence: (table: string, batchId: string, token: number) => `commits/${table}/${batchId}/${token}/`,
  tombstones: (table: string, generation: number) => `tombstones/${table}/${generation}/`,
} as const

export const s3UriOf = (bucket: string, key: string): string => `s3://${bucket}/${key}`

/** `s3://bucket/a/b` → bucket `bucket`, key `a/b`. Throws TypeError for anything else: our own documents are broken then. */
export function parseS3Uri(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri)
  if (!match?.[1]) throw new TypeError(`\`${uri}\` is no s3:// URI`)
  return { bucket: match[1], key: match[2] ?? '' }
}
