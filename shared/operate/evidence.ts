/** What is known of a claim's holder, as an operator must see it: whether its execution and its job are over (rule 8). */
import { type EvidencePorts, type JobEvidence, jobEvidence, LONGEST_UNSEEN_MS } from '../claims/evidence.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import type { JobRun } from '../ports/job-runs.ts'

export interface HolderPorts extends EvidencePorts {
  /** Of the engine's job that runs the batches. */
  readonly jobName: string
}

export interface Evidence {
  /** Null: settling let the claim go, so no execution holds it any more. */
  readonly execution: 'running' | 'ended' | 'unknown' | null
  readonly job: JobEvidence
  readonly job_runs: readonly Pick<JobRun, 'id' | 'state'>[]
}

/** Asks afresh each time; throws what the ports throw. */
export async function holderOf(item: TableItem, { jobName, executions, jobRuns }: HolderPorts): Promise<Evidence> {
  const [execution, job_runs] = await Promise.all([
    item.claim_owner === null ? null : executions.state(item.claim_owner),
    jobRuns.of(jobName, item.glue_job_run_id, item.claimed_at_ms),
  ])
  // Asked last: while the execution runs, a job may still be started.
  return { execution, job: await jobEvidence(item, jobName, { executions, jobRuns }), job_runs }
}

/** Neither the execution nor a job of it can do anything any more. */
export const isOver = ({ execution, job }: Evidence): boolean =>
  (execution === null || execution === 'ended') && (job === 'over' || job === 'never_started')

/** In words: `its execution ended; job run jr_1 TIMEOUT`. */
export function told({ execution, job, job_runs }: Evidence): string {
  const executionText = {
    running: 'its execution still runs',
    ended: 'its execution ended',
    unknown: 'nobody can say whether its execution still runs',
    none: 'no execution holds it',
  }[execution ?? 'none']
  const none = job === 'never_started' ? 'it started no job' : 'no job run with its `--run-id` is found'
  const jobText = job_runs.length === 0 ? none : job_runs.map(({ id, state }) => `job run ${id} ${state}`).join(', ')
  return `${executionText}; ${jobText}`
}

/**
 * Whether no force may take the claim of a table with a single writer: what its run may still do, nothing would refuse. That
 * nobody knows its execution any more is no reason once its job is over, or showed nowhere for longer than a job can take.
 */
export function mayStillWrite({ execution, job }: Evidence, item: TableItem, nowMs: EpochMs): boolean {
  if (execution === 'running' || job === 'at_work') return true
  return job === 'unknown' && nowMs - item.claimed_at_ms <= LONGEST_UNSEEN_MS
}
