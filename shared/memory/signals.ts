/** Metrics that are kept for a test to read. */
import type { Signals } from '../ports/signals.ts'

export interface MemorySignals extends Signals {
  /** Sum of what was counted under this name; 0 if nothing was. */
  total(name: string): number
}

export function createMemorySignals(): MemorySignals {
  const totals = new Map<string, number>()
  return {
    count: (name, value) => {
      totals.set(name, (totals.get(name) ?? 0) + value)
    },
    total: (name) => totals.get(name) ?? 0,
  }
}
