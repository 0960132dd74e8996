/** The simulator can fail: each deliberate defect is found within 20,000 histories, and told in a short trace. */
import { expect, test } from 'vitest'
import { BUGS } from '../../simulation/bugs.ts'
import { type History, runHistory } from '../../simulation/history.ts'
import { shortened } from '../../simulation/shorten.ts'
import type { Bug } from '../../simulation/world.ts'

const AT_MOST = 20_000

async function firstFailure(bug: Bug): Promise<History | undefined> {
  for (let seed = 1; seed <= AT_MOST; seed += 1) {
    const history = await runHistory(seed, { bug })
    if (history.violations.length > 0) return history
  }
  return undefined
}

test.each(BUGS)(
  'finds: $name',
  async (bug) => {
    expect((await firstFailure(bug))?.violations).not.toHaveLength(0)
  },
  600_000,
)

test('there are twelve defects and more', () => {
  expect(new Set(BUGS.map((bug) => bug.name)).size).toBeGreaterThanOrEqual(12)
})

test('what is found is shortened to what it takes', async () => {
  const bug = BUGS.find((one) => one.name === 'no batch id check')
  if (!bug) throw new Error('the suite has lost its bug')
  const failing = await firstFailure(bug)
  if (!failing) throw new Error('not found')
  const { spared, history } = await shortened(failing, { bug })
  expect(history.violations).not.toHaveLength(0)
  expect(history.steps).toBeLessThanOrEqual(failing.steps)
  const again = await runHistory(failing.seed, { bug, spared })
  expect(again.violations).toEqual(history.violations)
  const left = history.struck.find((strike) => strike.id !== '')
  if (!left) return
  const without = await runHistory(failing.seed, { bug, spared: new Set([...spared, left.id]) })
  expect(without.violations).toEqual([])
}, 600_000)
