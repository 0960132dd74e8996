/** Executions whose state a test decides; one that was never named is `unknown`. */
import type { Executions } from '../ports/executions.ts'

export interface MemoryExecutions extends Executions {
  set(executionArn: string, state: 'running' | 'ended'): void
}

export function createMemoryExecutions(): MemoryExecutions {
  const states = new Map<string, 'running' | 'ended'>()
  return {
    set: (executionArn, state) => {
      states.set(executionArn, state)
    },
    state: async (executionArn) => states.get(executionArn) ?? 'unknown',
  }
}
