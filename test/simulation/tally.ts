/** What many histories came to: sums that can be added in any order. */
import type { FaultKind } from './faults.ts'
import type { History } from './history.ts'

export interface Tally {
  histories: number
  steps: number
  /** Steps of the longest one. */
  deepest: number
  violations: number
  readonly struck: Map<FaultKind, number>
  /** Those with the lowest seeds; more are counted, and not told. */
  failing: History[]
}

const TOLD = 3

export const emptyTally = (): Tally => ({
  histories: 0,
  steps: 0,
  deepest: 0,
  violations: 0,
  struck: new Map(),
  failing: [],
})

export function count(tally: Tally, history: History): void {
  const struck = new Map<FaultKind, number>()
  for (const { kind } of history.struck) struck.set(kind, (struck.get(kind) ?? 0) + 1)
  const failing = history.violations.length > 0 ? [history] : []
  const { steps } = history
  addTo(tally, { histories: 1, steps, deepest: steps, violations: failing.length, struck, failing })
}

export function addTo(tally: Tally, other: Tally): void {
  tally.histories += other.histories
  tally.steps += other.steps
  tally.deepest = Math.max(tally.deepest, other.deepest)
  tally.violations += other.violations
  for (const [kind, times] of other.struck) tally.struck.set(kind, (tally.struck.get(kind) ?? 0) + times)
  if (other.failing.length > 0)
    tally.failing = [...tally.failing, ...other.failing].sort((a, b) => a.seed - b.seed).slice(0, TOLD)
}
