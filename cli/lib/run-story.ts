/** Tells a run's events as lines that an operator reads, and adds them up. */
import type { Outcome, RowCounts } from '../../shared/contracts/outcome.ts'
import { onStderr as pc } from './colours.ts'
import type { RunEvent } from './follow-run.ts'
import { duration, number, plural } from './human.ts'

export interface RunTotals {
  readonly status: string
  readonly batches: number[]
  readonly completed: number
  readonly skipped: number
  readonly failed: string[]
  readonly files: number
  readonly rows: RowCounts
}

/** `width` is that of the longest name of a table. */
export function narrate(event: RunEvent, width: number): string[] {
  switch (event.kind) {
    case 'batched':
      return [batchedLine(event.batches.map((batch) => batch.tables.length))]
    case 'claimed': {
      const { claimed, skipped, held, failed } = event.report
      return [
        `  batch ${event.batch}: claimed ${plural(claimed.length, 'table')}, plan written`,
        ...skipped.map((table) => `  batch ${event.batch}: ${table.table} skipped, ${table.reason}`),
        ...[...held, ...failed].map((table) =>
          pc.red(`  batch ${event.batch}: ${table.table} not claimed, ${table.error.message}`),
        ),
      ]
    }
    case 'table':
      return [`  batch ${event.batch}: ${outcomeLine(event.outcome, width)}`]
    case 'settled': {
      const done = event.settled.tables.filter((table) => table.status === 'completed').length
      return [
        `  batch ${event.settled.batch}: settled, ${done} of ${plural(event.settled.tables.length, 'table')} completed`,
      ]
    }
    case 'ended':
      return event.end.status === 'SUCCEEDED'
        ? []
        : [pc.red(`${event.end.error ?? event.end.status}: ${event.end.cause ?? ''}`)]
  }
}

function batchedLine(sizes: readonly number[]): string {
  if (sizes.length === 0) return '  no table has waiting files: nothing to do'
  const tables = sizes.reduce((sum, size) => sum + size, 0)
  const list = sizes.length > 12 ? '' : ` (${sizes.join(', ')})`
  return `  ${plural(tables, 'table')} with work in ${plural(sizes.length, 'batch', 'batches')}${list}`
}

function outcomeLine(outcome: Outcome, width: number): string {
  const took = duration(Object.values(outcome.seconds).reduce((sum, s) => sum + s, 0) * 1000)
  if (outcome.error)
    return pc.red(`${outcome.table.padEnd(width)} ${outcome.result}, ${outcome.error.code}: ${outcome.error.message}`)
  const effects = outcome.rows ? effectsOf(outcome.rows) : 'no row changed'
  return `${pc.green(outcome.table.padEnd(width))} ${outcome.result}: ${effects} in ${took}`
}

/** `3 inserted, 1 stale`: what became of the rows, without what did not happen. */
export function effectsOf(rows: RowCounts): string {
  const effects = (['inserted', 'updated', 'deleted', 'stale', 'duplicate', 'skipped'] as const)
    .map((effect) => ({ effect, count: rows[effect] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ effect, count }) => `${number(count)} ${effect}`)
  return effects.join(', ') || 'no row changed'
}

/** Whether it tells of something that failed. */
export const isFailure = (event: RunEvent): boolean =>
  (event.kind === 'table' && event.outcome.error !== null) ||
  (event.kind === 'claimed' && event.report.held.length + event.report.failed.length > 0)

/** The longest name of the tables that a batch works on; 0 for what names none. */
export const widthOf = (event: RunEvent): number =>
  event.kind === 'claimed' ? Math.max(0, ...event.report.claimed.map(({ table }) => table.length)) : 0

export function totalsOf(events: readonly RunEvent[]): RunTotals {
  const end = events.find((event) => event.kind === 'ended')
  // The summary also knows the tables of a batch that never came to its settling.
  const settled =
    end?.summary?.tables ?? events.flatMap((event) => (event.kind === 'settled' ? event.settled.tables : []))
  const of = (...statuses: string[]) => settled.filter((table) => statuses.includes(table.status))
  const batched = events.find((event) => event.kind === 'batched')
  const sum = (effect: keyof RowCounts): number =>
    settled.reduce((total, table) => total + (table.rows?.[effect] ?? 0), 0)
  return {
    status: end?.end.status ?? 'UNKNOWN',
    batches: batched?.batches.map((batch) => batch.tables.length) ?? [],
    completed: of('completed').length,
    skipped: of('skipped').length,
    failed: of('refresh_error', 'held').map((table) => table.table),
    files: settled.reduce((total, table) => total + table.files, 0),
    rows: {
      read: sum('read'),
      inserted: sum('inserted'),
      updated: sum('updated'),
      deleted: sum('deleted'),
      stale: sum('stale'),
      duplicate: sum('duplicate'),
    },
  }
}
