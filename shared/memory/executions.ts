/** Executions whose state a test decides; one that was never named is `unknown`, and may have started a job. */
import type { Executions } from '../ports/executions.ts'

export interface MemoryExecutions extends Executions {
  set(executionArn: string, state: 'running' | 'ended'): void
  /** Its history shows that it never came to start a job. */
  startedNoJob(executionArn: string): void
}

export function createMemoryExecutions(): MemoryExecutions {
  const states = new Map<string, 'running' | 'ended'>()
  const jobless = new Set<string>()
  return {
    set: (executionArn, state) => {
      states.set(executionArn, state)
    },
    startedNoJob: (executionArn) => {
      jobless.add(executionArn)
    },
    state: async (executionArn) => states.get(executionArn) ?? 'unknown',
    jobStart: async (executionArn) => (jobless.has(executionArn) ? 'never' : 'maybe'),
  }
}
