/** Job runs whose state a test decides. */
import type { JobRun, JobRuns } from '../ports/job-runs.ts'
import { inner } from './state.ts'

export interface MemoryJobRuns extends JobRuns {
  set(runId: string, state: 'RUNNING' | 'SUCCEEDED' | 'FAILED', id?: string): void
}

export function createMemoryJobRuns(): MemoryJobRuns {
  const runs = new Map<string, Map<string, JobRun>>()
  return {
    set: (runId, state, id = `jr_${runId}`) => {
      inner(runs, runId).set(id, { id, state, over: state !== 'RUNNING' })
    },
    of: async (_jobName, runId) => [...inner(runs, runId).values()],
  }
}
