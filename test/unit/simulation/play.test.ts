/** Many histories come to the same, however many workers play them. */
import { expect, test } from 'vitest'
import { BUGS } from '../../simulation/bugs.ts'
import { FAULT_KINDS } from '../../simulation/faults.ts'
import { play } from '../../simulation/play.ts'
import { addTo, emptyTally, type Tally } from '../../simulation/tally.ts'

async function totals(workers: number): Promise<Tally> {
  const bug = BUGS.find(({ name }) => name === 'no batch id check')?.name
  const total = emptyTally()
  await play({ seed: 1, histories: 151, kinds: FAULT_KINDS, bug }, workers, (part) => addTo(total, part))
  return total
}

test('two workers find what one finds, and count the same', async () => {
  const [one, two] = [await totals(1), await totals(2)]
  expect(two).toEqual(one)
  expect(one).toMatchObject({ histories: 151 })
  expect(one.violations).toBeGreaterThan(3)
  expect(one.failing.map(({ seed }) => seed)).toEqual(one.failing.map(({ seed }) => seed).sort((a, b) => a - b))
  expect(one.failing).toHaveLength(3)
}, 120_000)

test('a worker that breaks is told, and passes for no history without violations', async () => {
  const broken = { seed: 1, histories: 4, kinds: 'not a list' as never, bug: undefined }
  await expect(play(broken, 2, () => {})).rejects.toThrow(TypeError)
}, 120_000)
