import { describe, expect, it } from 'vitest'
import { eachOf } from '../../../cli/lib/parallel.ts'

describe('eachOf', () => {
  it('never has more than the limit under way, and does all', async () => {
    let underWay = 0
    let most = 0
    const done: number[] = []
    await eachOf([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      underWay += 1
      most = Math.max(most, underWay)
      await Promise.resolve()
      underWay -= 1
      done.push(item)
    })
    expect(most).toBe(3)
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('passes on the first error', async () => {
    const work = async (item: number): Promise<void> => {
      if (item === 2) throw new Error('two')
    }
    await expect(eachOf([1, 2, 3], 2, work)).rejects.toThrow('two')
  })
})
