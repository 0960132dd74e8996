/** What is known of the run that holds a claim (rule 8): only evidence of its end lets another one in, never time. */
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import type { Executions } from '../ports/executions.ts'
import type { JobRun, JobRuns } from '../ports/job-runs.ts'

export interface EvidencePorts {
  readonly executions: Executions
  readonly jobRuns: JobRuns
}

/**
 * The same ports, which ask the engine once what many tables of a batch want to know: those of a dead batch have one owner and
 * one run, and a hundred batches that come at once would be throttled. For one claiming of one batch: answers grow old.
 */
export function askedOnce({ executions, jobRuns }: EvidencePorts): EvidencePorts {
  return {
    executions: {
      state: once(
        (arn) => executions.state(arn),
        (arn) => arn,
      ),
      jobStart: once(
        (arn, endings) => executions.jobStart(arn, endings),
        (arn, endings) => JSON.stringify([arn, endings]),
      ),
    },
    jobRuns: jobRunsAskedOnce(jobRuns),
  }
}

/** The tables of one batch were claimed within one call: which of their times the engine is asked since makes no difference. */
export const jobRunsAskedOnce = (jobRuns: JobRuns): JobRuns => ({
  of: once(
    (jobName, runId, sinceMs) => jobRuns.of(jobName, runId, sinceMs),
    (jobName, runId) => JSON.stringify([jobName, runId]),
  ),
})

function once<Args extends unknown[], Answer>(
  ask: (...args: Args) => Promise<Answer>,
  keyOf: (...args: Args) => string,
): (...args: Args) => Promise<Answer> {
  const answers = new Map<string, Promise<Answer>>()
  return (...args) => {
    const answer = answers.get(keyOf(...args)) ?? ask(...args)
    answers.set(keyOf(...args), answer)
    return answer
  }
}

/** None found is no evidence of an end: one may be about to start. */
export const areOver = (runs: readonly JobRun[]): boolean => runs.length > 0 && runs.every((run) => run.over)

/** Of the job that a run of ours started, or did not. */
export type JobEvidence = 'at_work' | 'over' | 'never_started' | 'unknown'

export type Evidence = 'execution_runs' | 'execution_unknown' | JobEvidence

/** Of the item's holder: first its execution, since while that runs it may still start its job. */
export async function evidenceOf(item: TableItem, jobName: string, ports: EvidencePorts): Promise<Evidence> {
  const state = item.claim_owner === null ? 'unknown' : await ports.executions.state(item.claim_owner)
  if (state !== 'ended') return state === 'running' ? 'execution_runs' : 'execution_unknown'
  return jobEvidence(item, jobName, ports)
}

/** Of the job of the item's last run, whose execution is known to be past it. */
export async function jobEvidence(item: TableItem, jobName: string, ports: EvidencePorts): Promise<JobEvidence> {
  const runs = await ports.jobRuns.of(jobName, item.glue_job_run_id, item.claimed_at_ms)
  if (runs.length > 0) return areOver(runs) ? 'over' : 'at_work'
  // Not found is no evidence: a start may be on its way. That none was tried is.
  const owner = item.claim_owner
  const start = owner === null ? 'maybe' : await ports.executions.jobStart(owner, redrivesOf(item) + 1)
  return start === 'never' ? 'never_started' : 'unknown'
}

/** A run id ends in the number of redrives of its execution. */
const redrivesOf = (item: TableItem): number => Number(/-(\d+)$/.exec(item.glue_job_run_id)?.[1] ?? 0)

const DAY_MS = 86_400_000

/** No job works longer: Glue ends each within 7 days at the latest (Glue API, `Timeout`: less than 10,080 minutes). */
const LONGEST_JOB_MS = 8 * DAY_MS

/**
 * No start is on its way longer, counted from a time at which the run had its claim: its step `ClaimBatch` is repeated for two
 * hours at most (seven times 960 s and the pauses between), then its step `RunJob` is ended after two days (`TimeoutSeconds`).
 */
const LONGEST_START_MS = 3 * DAY_MS

/** A run of which the engine showed no job run for so long since its claim has none, and gets none. */
export const LONGEST_UNSEEN_MS = LONGEST_START_MS + LONGEST_JOB_MS

/**
 * Those of the item's `unproved_runs` whose end is still not known, for the claim that is made now. One of which no job run
 * shows, though all this time is over since, never had one.
 */
export async function stillUnproved(
  item: TableItem,
  jobName: string,
  nowMs: EpochMs,
  ports: EvidencePorts,
): Promise<Pick<TableItem, 'unproved_runs' | 'unproved_since_ms'>> {
  const sinceMs = item.unproved_since_ms ?? nowMs
  const waitedLongEnough = nowMs - sinceMs > LONGEST_UNSEEN_MS
  const left: string[] = []
  for (const runId of item.unproved_runs) {
    const runs = await ports.jobRuns.of(jobName, runId, item.claimed_at_ms - LONGEST_JOB_MS)
    if (!areOver(runs) && !(runs.length === 0 && waitedLongEnough)) left.push(runId)
  }
  return { unproved_runs: left, unproved_since_ms: left.length > 0 ? sinceMs : undefined }
}
