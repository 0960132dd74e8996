/** The end of `npm test`: what failed, a table of the suites, and one plain line with the totals. */
import type { Tally } from './results.ts'

export interface Outcome extends Tally {
  readonly name: string
  readonly minutes: number
  readonly budgetMinutes: number
}

const HEAD = ['suite', 'passed', 'failed', 'skipped', 'time', 'budget', '']

/** Lines to print; the last one is `N passed, N failed`, with `, N skipped` where there are any. */
export function summary(outcomes: readonly Outcome[], totalMinutes: number): string {
  const rows = outcomes.map((suite) => [
    suite.name,
    String(suite.passed),
    String(suite.failed),
    String(suite.skipped),
    clock(suite.minutes),
    clock(suite.budgetMinutes),
    [suite.note, suite.minutes > suite.budgetMinutes ? 'over its budget' : undefined].filter(Boolean).join('; '),
  ])
  const sum = (of: (suite: Outcome) => number) => outcomes.reduce((total, suite) => total + of(suite), 0)
  const skipped = sum((suite) => suite.skipped)
  const totals = `${sum((suite) => suite.passed)} passed, ${sum((suite) => suite.failed)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  const failures = outcomes.flatMap((suite) => (suite.failures ?? []).map((test) => `failed: ${suite.name} │ ${test}`))
  return ['', ...failures, ...table([HEAD, ...rows]), `in ${clock(totalMinutes)}`, totals].join('\n')
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const aligned = (cell: string, column: number) =>
    column === 0 || column === HEAD.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(aligned).join('  ').trimEnd())
}

/** Minutes as `m:ss`. */
function clock(minutes: number): string {
  const seconds = Math.round(minutes * 60)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
