import { expect, test } from 'vitest'
import { mapBounded } from '../../shared/bounded.ts'

const turns = async (count: number) => {
  for (let n = 0; n < count; n += 1) await Promise.resolve()
}

test('keeps the order of results, with no more at once than allowed', async () => {
  let running = 0
  let most = 0
  const results = await mapBounded([5, 1, 4, 2, 3], 2, async (item) => {
    running += 1
    most = Math.max(most, running)
    await turns(item)
    running -= 1
    return item * 10
  })
  expect(results).toEqual([50, 10, 40, 20, 30])
  expect(most).toBe(2)
})

test('after a failure it begins nothing new, awaits what runs, and throws that failure', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const work = mapBounded([1, 2, 3, 4], 2, async (item) => {
    begun.push(item)
    if (item === 1) throw new Error('the first')
    await turns(10)
    ended.push(item)
    if (item === 2) throw new Error('a later one')
  })
  await expect(work).rejects.toThrow('the first')
  expect(begun).toEqual([1, 2])
  expect(ended).toEqual([2])
})

test('of nothing is nothing', async () => {
  expect(await mapBounded([], 4, async () => 1)).toEqual([])
})
