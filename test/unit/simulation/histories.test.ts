/** Random histories under faults: what is put is applied once, in order, and the ledger says so. `npm run simulate` plays more. */
import { expect, test } from 'vitest'
import { FAULT_KINDS } from '../../simulation/faults.ts'
import { runHistory } from '../../simulation/history.ts'

const deep = process.env.TIDEGATE_DEEP === '1'
/** A history takes two to three milliseconds of one core, and ten on a machine that is busy: 20,000 would take minutes there. */
const HISTORIES = deep ? 100_000 : 4_000

test('[commit-authority] [all-or-nothing] [frozen-set] [one-snapshot] [sequence-guard] [no-revival] [generations] [evidence] [reconcile] hold', async () => {
  const kinds = new Set<string>()
  const failures: unknown[] = []
  let steps = 0
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const history = await runHistory(seed)
    steps += history.steps
    for (const { kind } of history.struck) kinds.add(kind)
    if (history.violations.length > 0) failures.push({ seed, violations: history.violations })
  }
  expect(failures).toEqual([])
  expect(steps / HISTORIES).toBeGreaterThan(40)
  expect(FAULT_KINDS.filter((kind) => !kinds.has(kind))).toEqual([])
}, 3_600_000)

test('a history is the same whenever it is played', async () => {
  const played = async (seed: number) => {
    const lines: string[] = []
    const history = await runHistory(seed, { trace: (line) => lines.push(line) })
    return { history, lines }
  }
  for (const seed of [7, 99, 379]) expect(await played(seed)).toEqual(await played(seed))
})
