/** The engine's job runs, as evidence whether a run of ours is over. */
import type { EpochMs } from '../contracts/primitives.ts'

export interface JobRun {
  /** The engine's id. */
  readonly id: string
  /** As the engine calls it. */
  readonly state: string
  /** It ended for good: it is no evidence of an end that a state is not known to us. */
  readonly over: boolean
}

export interface JobRuns {
  /**
   * Those of the job that were started since (a minute earlier, for clocks that differ) with our run id. None found proves
   * nothing: one may be about to start. Throws EngineError TG5110, TG5111 when the engine can't be asked.
   */
  of(jobName: string, runId: string, sinceMs: EpochMs): Promise<readonly JobRun[]>
}
