import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { dateTimeOf } from '../../../shared/date-time.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { recentRuns } from '../../../shared/status/recent-runs.ts'
import { claimed, runOf } from '../../contract/support/items.ts'

const start = 1_700_000_000_000

/** Tables with runs that ended at these times, in order; what happened to the table after its last run. */
interface History {
  readonly ends: readonly number[]
  readonly since: 'nothing' | 'claimed' | 'held'
}

async function ledger(histories: readonly History[]) {
  const { tables } = createMemoryPorts()
  for (const [index, { ends, since }] of histories.entries()) {
    const table = `t_${index}`
    let seen: TableItem | undefined
    for (const [run, end] of ends.entries()) {
      const next = claimed(table, {
        revision: run + 1,
        refresh_status: 'completed',
        refresh_end_time: dateTimeOf(start + end),
      })
      await tables.replace(next, seen, runOf(table, `x${run}-1-0`, start + end))
      seen = next
    }
    const at = dateTimeOf(start + Math.max(0, ...ends) + 5_000)
    const times = since === 'held' ? { refresh_end_time: at } : { refresh_start_time: at, refresh_end_time: null }
    const last = claimed(table, { revision: (seen?.revision ?? 0) + 1, ...times })
    if (since !== 'nothing') await tables.replace(last, seen)
  }
  return tables
}

const history = fc.record({
  ends: fc.array(fc.nat({ max: 60_000 }), { maxLength: 4 }).map((ends) => ends.toSorted((a, b) => a - b)),
  since: fc.constantFrom('nothing' as const, 'claimed' as const, 'held' as const),
})

it('are the newest of all runs, whatever happened to their tables since', () =>
  fc.assert(
    fc.asyncProperty(fc.array(history, { maxLength: 50 }), fc.integer({ min: 1, max: 12 }), async (all, limit) => {
      const ends = all.flatMap((one) => one.ends).sort((a, b) => b - a)
      const found = await recentRuns(limit, await ledger(all))
      expect(found.map((run) => run.ended_at_ms - start)).toEqual(ends.slice(0, limit))
    }),
    { numRuns: 60 },
  ))

it('do not take a query for each of a thousand tables', async () => {
  const tables = await ledger(
    Array.from({ length: 1000 }, (_, n) => ({ ends: [n * 2_000], since: 'nothing' as const })),
  )
  const asked: string[] = []
  const counted = {
    all: tables.all,
    runs: (table: string, limit: number) => {
      asked.push(table)
      return tables.runs(table, limit)
    },
  }
  expect((await recentRuns(3, counted)).map((run) => run.raw_table_name)).toEqual(['t_999', 't_998', 't_997'])
  expect(asked.length).toBeLessThanOrEqual(32)
})
