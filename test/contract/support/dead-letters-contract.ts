/** What every dead-letter queue must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { DeadLetter, DeadLetterQueue } from '../../../shared/ports/dead-letters.ts'

interface Made {
  readonly queue: DeadLetterQueue
  put(body: string, attributes?: Record<string, string>): Promise<void>
}

export function deadLettersContract(name: string, make: () => Promise<Made>): void {
  const takeAll = async (queue: DeadLetterQueue): Promise<DeadLetter[]> => {
    const all: DeadLetter[] = []
    for (;;) {
      const taken = await queue.take(300)
      expect(taken.length).toBeLessThanOrEqual(10)
      if (taken.length === 0) return all
      all.push(...taken)
    }
  }

  describe(`dead-letter queue: ${name}`, () => {
    test('a letter comes with all that is known of it', async () => {
      const { queue, put } = await make()
      await put('{"a":"ü"}', { ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'no right' })
      const [letter, ...more] = await takeAll(queue)
      expect(more).toEqual([])
      expect(letter).toMatchObject({
        queue: queue.name,
        body: '{"a":"ü"}',
        receives: 1,
        attributes: { ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'no right' },
      })
      expect(letter?.id).not.toBe('')
      expect(letter?.sent_ms).toBeGreaterThan(1_600_000_000_000)
    })

    test('every letter is taken once, and is then hidden, counted as such, until it is given back', async () => {
      const { queue, put } = await make()
      await Promise.all(Array.from({ length: 23 }, (_, n) => put(`letter ${n}`)))
      const taken = await takeAll(queue)
      expect(new Set(taken.map(({ body }) => body)).size).toBe(23)
      expect(await queue.depth()).toEqual({ waiting: 0, hidden: 23 })
      await queue.giveBack(taken.slice(0, 12))
      expect(await queue.depth()).toEqual({ waiting: 12, hidden: 11 })
      const again = await takeAll(queue)
      expect(again.map(({ id }) => id).sort()).toEqual(
        taken
          .slice(0, 12)
          .map(({ id }) => id)
          .sort(),
      )
      expect(again.every(({ receives }) => receives === 2)).toBe(true)
      await queue.giveBack([])
    })

    test('a letter that is removed does not come back; one that is no longer ours is left alone', async () => {
      const { queue, put } = await make()
      await put('one')
      await put('two')
      const seen = await takeAll(queue)
      const [first, second] = seen
      if (!first || !second) throw new Error(`${seen.length} letters`)
      await queue.remove(first)
      await queue.giveBack(seen)
      const again = await takeAll(queue)
      expect(again.map(({ id }) => id)).toEqual([second.id])
      // By its first receipt: it was received again since.
      await queue.remove(second)
      await queue.giveBack([second])
      expect(await queue.depth()).toEqual({ waiting: 0, hidden: 1 })
      await queue.giveBack(again)
      expect(await takeAll(queue)).toHaveLength(1)
    })
  })
}
