/** What is known of a claim's holder: whether its execution and its job runs are over (rule 8: takeover on evidence). */
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import type { Executions } from '../ports/executions.ts'

export interface EvidencePorts {
  readonly executions: Executions
  /** Job runs whose argument `--run-id` is this run's, back to the claim's time. */
  readonly jobRunsOf: (runId: string, sinceMs: EpochMs) => Promise<readonly JobRunState[]>
}

export interface JobRunState {
  readonly id: string
  /** As the engine calls it: `RUNNING`, `SUCCEEDED`, … */
  readonly state: string
}

export interface Evidence {
  /** Null: settling let the claim go, so no execution holds it any more. */
  readonly execution: 'running' | 'ended' | 'unknown' | null
  readonly job_runs: readonly JobRunState[]
}

export async function evidenceOf(item: TableItem, ports: EvidencePorts): Promise<Evidence> {
  const [execution, job_runs] = await Promise.all([
    item.claim_owner === null ? null : ports.executions.state(item.claim_owner),
    ports.jobRunsOf(item.glue_job_run_id, item.claimed_at_ms),
  ])
  return { execution, job_runs }
}

const ended = new Set(['SUCCEEDED', 'FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED'])

/**
 * The holder is over: its execution ended, and so did its job runs. No job run at all is no evidence, since one may be about
 * to start or not be listed yet.
 */
export const isOver = ({ execution, job_runs }: Evidence): boolean =>
  (execution === null || execution === 'ended') &&
  job_runs.length > 0 &&
  job_runs.every(({ state }) => ended.has(state))

/** In words: `its execution ended; job run jr_1 TIMEOUT`. */
export function told({ execution, job_runs }: Evidence): string {
  const executionText = {
    running: 'its execution still runs',
    ended: 'its execution ended',
    unknown: 'nobody can say whether its execution still runs',
    none: 'no execution holds it',
  }[execution ?? 'none']
  const jobText =
    job_runs.length === 0
      ? 'no job run with its `--run-id` is found'
      : job_runs.map(({ id, state }) => `job run ${id} ${state}`).join(', ')
  return `${executionText}; ${jobText}`
}
