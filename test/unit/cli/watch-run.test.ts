import { expect, it } from 'vitest'
import type { RunEvent } from '../../../cli/lib/follow-run.ts'
import { runPhases } from '../../../cli/lib/run-phases.ts'
import { teller, watchRun } from '../../../cli/lib/watch-run.ts'
import type { Outcome } from '../../../shared/contracts/outcome.ts'

const batched = (...batches: string[][]): RunEvent => ({
  kind: 'batched',
  batches: batches.map((tables, index) => ({ batch: index + 1, tables })),
})
const claimed = (batch: number, ...tables: string[]): RunEvent => ({
  kind: 'claimed',
  batch,
  report: {
    run_id: `x-${batch}-0`,
    claimed: tables.map((table) => ({ table, token: 1 })),
    skipped: [],
    held: [],
    failed: [],
  },
})
const done = (batch: number, table: string, error: Outcome['error'] = null): RunEvent => ({
  kind: 'table',
  batch,
  outcome: {
    contract: 'tidegate.outcome/1',
    run_id: `x-${batch}-0`,
    table,
    token: 1,
    batch_id: 'sha256:00',
    result: error ? 'rejected' : 'committed',
    lookup: 'absent',
    snapshot: '1',
    committed_at_ms: 1,
    rows: null,
    files: [],
    evidence: null,
    bad_files: [],
    error,
    seconds: { merge: 1 },
  },
})
const settled = (batch: number): RunEvent => ({
  kind: 'settled',
  settled: { batch, run_id: `x-${batch}-0`, engine_run_id: 'jr', tables: [] },
})
const ended: RunEvent = { kind: 'ended', end: { status: 'SUCCEEDED', error: null, cause: null }, summary: undefined }

it('says where each batch is, aligned, those at work first', () => {
  const phases = runPhases()
  expect(phases.lines(900)).toEqual(['  900 ms  looking for tables with waiting files'])
  phases.saw(batched(['a'], ['b', 'c'], ['d'], ['e'], ['f'], ['g'], ['h'], ['i'], ['j'], ['k']))
  phases.saw(claimed(10, 'k'))
  phases.saw(claimed(2, 'b', 'c'))
  phases.saw(done(2, 'c'))
  phases.saw(done(10, 'k'))
  expect(phases.lines(12_340)).toEqual([
    '  12.3 s  0 of 10 batches settled',
    '          batch  2  Spark, 1 of 2 tables done; at work: b',
    '          batch 10  settles',
    '          batch  1  waits to be claimed',
    '          batch  3  waits to be claimed',
    '          and 6 batches more',
  ])
  for (let batch = 1; batch <= 10; batch++) phases.saw(settled(batch))
  expect(phases.lines(200_000)).toEqual(['3 m 20 s  summing up'])
})

it('aligns the names of tables, and tells again at the end what failed long before', () => {
  const lines: string[] = []
  const tell = teller({ print: (line) => void lines.push(line) })
  const tables = Array.from({ length: 12 }, (_, index) => `table_${index}`)
  const error = { code: 'TG5002', message: 'Spark could not work', details: null, transient: true }
  tell(claimed(1, ...tables))
  tell(done(1, 'table_0', error))
  for (const table of tables.slice(1)) tell(done(1, table))
  tell(ended)
  expect(lines[2]).toBe('  batch 1: table_1  committed: no row changed in 1.0 s')
  expect(lines.at(-1)).toBe('  batch 1: table_0  rejected, TG5002: Spark could not work')
  expect(lines.filter((line) => line.includes('TG5002'))).toHaveLength(2)
})

it('tells what failed once when it is still in sight', () => {
  const lines: string[] = []
  const tell = teller({ print: (line) => void lines.push(line) })
  for (const event of [
    claimed(1, 'a', 'b'),
    done(1, 'a', { code: 'TG5002', message: 'm', details: null, transient: true }),
  ])
    tell(event)
  for (const event of [done(1, 'b'), settled(1), ended]) tell(event)
  expect(lines.filter((line) => line.includes('TG5002'))).toHaveLength(1)
})

async function* failing(): AsyncGenerator<RunEvent> {
  yield batched()
  throw new Error('connect ECONNREFUSED')
}

it('says that the run may go on when nobody answers any more', async () => {
  const never = { first: new Promise<never>(() => undefined) }
  await expect(watchRun(failing(), 'x', never)).rejects.toThrow(/^TG5610: .*`x`.*ECONNREFUSED.*`tidegate status`/)
})
