/** Where a run is right now, in a few lines: which of its batches is at what, and for how long it has been at work. */
import type { RunEvent } from './follow-run.ts'
import { duration, plural } from './human.ts'

interface BatchProgress {
  readonly batch: number
  /** Undefined: not claimed yet. */
  readonly waitingFor: Set<string> | undefined
  readonly claimed: number
}

export interface RunPhases {
  /** What has just been seen. */
  saw(event: RunEvent): void
  /** At most `mostBatches` + 2 lines, aligned. */
  lines(elapsedMs: number): string[]
  /** One sentence: `2 of 4 batches settled`. */
  sentence(): string
}

const mostBatches = 4

export function runPhases(): RunPhases {
  let total: number | undefined
  let settled = 0
  const open = new Map<number, BatchProgress>()

  const sentence = (): string => {
    if (total === undefined) return 'looking for tables with waiting files'
    return settled === total ? 'summing up' : `${settled} of ${plural(total, 'batch', 'batches')} settled`
  }
  return {
    saw(event) {
      if (event.kind === 'batched') {
        total = event.batches.length
        for (const { batch } of event.batches) open.set(batch, { batch, waitingFor: undefined, claimed: 0 })
      }
      if (event.kind === 'claimed') {
        const tables = event.report.claimed.map(({ table }) => table)
        open.set(event.batch, { batch: event.batch, waitingFor: new Set(tables), claimed: tables.length })
      }
      if (event.kind === 'table') open.get(event.batch)?.waitingFor?.delete(event.outcome.table)
      if (event.kind === 'settled' && open.delete(event.settled.batch)) settled += 1
    },
    lines(elapsedMs) {
      const width = Math.max(0, ...[...open.keys()].map((batch) => String(batch).length))
      const shown = [...open.values()].sort(claimedFirst).slice(0, mostBatches)
      const more = open.size - shown.length
      return [
        `${duration(elapsedMs).padStart(8)}  ${sentence()}`,
        ...shown.map((one) => `${' '.repeat(8)}  batch ${String(one.batch).padStart(width)}  ${stateOf(one)}`),
        ...(more > 0 ? [`${' '.repeat(8)}  and ${plural(more, 'batch', 'batches')} more`] : []),
      ]
    },
    sentence,
  }
}

const claimedFirst = (a: BatchProgress, b: BatchProgress): number =>
  Number(a.waitingFor === undefined) - Number(b.waitingFor === undefined) || a.batch - b.batch

function stateOf({ waitingFor, claimed }: BatchProgress): string {
  if (waitingFor === undefined) return 'waits to be claimed'
  if (waitingFor.size === 0) return 'settles'
  return `Spark, ${claimed - waitingFor.size} of ${plural(claimed, 'table')} done; at work: ${[...waitingFor].join(', ')}`
}
