/** What the engine shows of the job runs that an attempt had: StartJobRun has no idempotency token, so there may be two. */
import { areOver } from '../claims/evidence.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { JobRuns } from '../ports/job-runs.ts'

export interface RunJobs {
  readonly count: number
  /** Some were found, and all of them are over. */
  readonly over: boolean
}

// twin 1    look-up: absent ────────────────────── commit ─ outcome `committed`
// twin 2    look-up: absent ─ a file is bad ───────────────────────── outcome `rejected`, over the other one: one token, one document
// settling                                                                        reads `rejected`, which proves nothing

/** Only of a job that is alone and over its `rejected` says what became of the batch. */
export const isAlone = ({ count, over }: RunJobs): boolean => count === 1 && over

/** Those with this run id since the item's claim; none if the claim did not note the engine's job. Throws what the port throws. */
export async function runJobs(
  item: TableItem,
  runId: string,
  jobName: string | undefined,
  jobRuns: JobRuns,
): Promise<RunJobs> {
  const runs = jobName === undefined ? [] : await jobRuns.of(jobName, runId, item.claimed_at_ms)
  return { count: runs.length, over: areOver(runs) }
}
