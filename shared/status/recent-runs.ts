/** Answers an operator's question: what did the last runs do, to one table or to all of them? */
import { mapBounded } from '../bounded.ts'
import type { TableItem, TableRun } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import type { TableLedger } from '../ports/table-ledger.ts'

const AT_ONCE = 16

/**
 * The `limit` (from 1) newest runs over all tables, newest first. Tables are asked in the order in which they were last worked
 * on, and no further than a run could still be among the newest: one scan, then about `limit` queries however many tables there are.
 */
export async function recentRuns(limit: number, tables: Pick<TableLedger, 'all' | 'runs'>): Promise<TableRun[]> {
  const items = (await tables.all())
    .map((item) => ({ table: item.raw_table_name, until: endedAtMost(item) }))
    .sort((a, b) => b.until - a.until)
  let newest: TableRun[] = []
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const oldestShown = newest.length < limit ? Number.NEGATIVE_INFINITY : (newest.at(-1)?.ended_at_ms ?? 0)
    const candidates = items.slice(start, start + AT_ONCE).filter(({ until }) => until >= oldestShown)
    if (candidates.length === 0) break
    const found = await mapBounded(candidates, AT_ONCE, ({ table }) => tables.runs(table, limit))
    newest = [...newest, ...found.flat()].sort((a, b) => b.ended_at_ms - a.ended_at_ms).slice(0, limit)
  }
  return newest
}

/** No run of the table ended later. A claimed table's item no longer has its last end, but a claim comes after it. */
function endedAtMost(item: TableItem): EpochMs {
  const text = item.refresh_end_time ?? item.refresh_start_time
  // The text has whole seconds.
  return Date.parse(`${text.replace(' ', 'T')}Z`) + 999
}
