/** What every table ledger must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { TableLedger } from '../../../shared/ports/table-ledger.ts'
import { claimed, newName, runOf } from './items.ts'

export function tableLedgerContract(name: string, makeLedger: () => TableLedger): void {
  describe(`table ledger: ${name}`, () => {
    test('an item comes back as it was written', async () => {
      const ledger = makeLedger()
      const table = newName()
      expect(await ledger.get(table)).toBeUndefined()
      const item = claimed(table, {
        refresh_status: 'refresh_error',
        error: { code: 'TG4001', message: 'it `failed`', transient: true, details: null },
        applied_max_sequence: '',
      })
      expect(await ledger.replace(item, undefined)).toEqual({ written: true })
      expect(await ledger.get(table)).toEqual(item)
    })

    test('who has seen an old revision loses, and is handed what is stored', async () => {
      const ledger = makeLedger()
      const table = newName()
      const first = claimed(table)
      const second = claimed(table, { revision: 2, claim_token: 8 })
      await ledger.replace(first, undefined)
      expect(await ledger.replace(claimed(table, { claim_token: 9 }), undefined)).toEqual({
        written: false,
        current: first,
      })
      expect(await ledger.replace(second, first)).toEqual({ written: true })
      expect(await ledger.replace(claimed(table, { revision: 2, claim_token: 9 }), first)).toEqual({
        written: false,
        current: second,
      })
      expect(await ledger.get(table)).toEqual(second)
    })

    test('who has seen an item that is gone loses, and is handed nothing', async () => {
      const ledger = makeLedger()
      const table = newName()
      const write = ledger.replace(claimed(table, { revision: 2 }), claimed(table))
      expect(await write).toEqual({ written: false, current: undefined })
      expect(await ledger.get(table)).toBeUndefined()
    })

    test('a revision that does not follow is refused as ours', async () => {
      const ledger = makeLedger()
      const table = newName()
      await expect(ledger.replace(claimed(table, { revision: 2 }), undefined)).rejects.toMatchObject({ code: 'TG9111' })
      await expect(ledger.replace(claimed(table, { revision: 3 }), claimed(table))).rejects.toMatchObject({
        code: 'TG9111',
      })
    })

    test.each([
      ['a table without an item', false, false],
      ['a table with an item', true, false],
      ['a table with an item, with history', true, true],
    ])('20 writers at once on %s: one wins, all others get the winner’s item', async (_, exists, withRun) => {
      const ledger = makeLedger()
      const table = newName()
      const seen = exists ? claimed(table) : undefined
      if (seen) await ledger.replace(seen, undefined)
      const nextOf = (n: number) =>
        claimed(table, { revision: exists ? 2 : 1, claim_token: 100 + n, claim_owner: `owner-${n}` })
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          ledger.replace(nextOf(n), seen, withRun ? runOf(table, `run-${n}`, n) : undefined),
        ),
      )
      const winners = results.flatMap((result, n) => (result.written ? [n] : []))
      expect(winners).toHaveLength(1)
      const won = nextOf(winners[0] ?? -1)
      expect(await ledger.get(table)).toEqual(won)
      for (const result of results) if (!result.written) expect(result.current).toEqual(won)
      expect((await ledger.runs(table, 50)).map((run) => run.glue_job_run_id)).toEqual(
        withRun ? [`run-${winners[0]}`] : [],
      )
    })

    test('20 writers of the very same item at once: one wins', async () => {
      const ledger = makeLedger()
      const item = claimed(newName())
      const results = await Promise.all(Array.from({ length: 20 }, () => ledger.replace(item, undefined)))
      expect(results.filter((result) => result.written)).toHaveLength(1)
    })

    test('a run goes to history with the write that it belongs to, or not at all', async () => {
      const ledger = makeLedger()
      const table = newName()
      const first = claimed(table)
      await ledger.replace(first, undefined)
      const done = claimed(table, { revision: 2, refresh_status: 'completed', claim_owner: null })
      expect(await ledger.replace(done, first, runOf(table, 'run-a', 5))).toEqual({ written: true })
      expect(await ledger.replace(done, first, runOf(table, 'run-b', 6))).toEqual({ written: false, current: done })
      expect(await ledger.run(table, 'run-a')).toEqual(runOf(table, 'run-a', 5))
      expect(await ledger.run(table, 'run-b')).toBeUndefined()
      expect(await ledger.run(newName(), 'run-a')).toBeUndefined()
      expect(await ledger.runs(table, 10)).toEqual([runOf(table, 'run-a', 5)])
    })

    test('runs come newest first by their end, not by their name', async () => {
      const ledger = makeLedger()
      const table = newName()
      const ends = [50, 10, 40, 20, 30]
      let seen = claimed(table)
      await ledger.replace(seen, undefined)
      for (const [n, end] of ends.entries()) {
        const next = { ...seen, revision: seen.revision + 1 }
        await ledger.replace(next, seen, runOf(table, `run-${n}`, end))
        seen = next
      }
      expect((await ledger.runs(table, 3)).map((run) => run.ended_at_ms)).toEqual([50, 40, 30])
      expect(await ledger.runs(table, 100)).toHaveLength(5)
      expect(await ledger.runs(newName(), 3)).toEqual([])
    })

    test('many tables at once: more than a batch of keys, some twice, some without an item', async () => {
      const ledger = makeLedger()
      const items = Array.from({ length: 230 }, () => claimed(newName()))
      await Promise.all(items.map((item) => ledger.replace(item, undefined)))
      const names = items.map((item) => item.raw_table_name)
      const found = await ledger.getMany([...names, newName(), ...names.slice(0, 5)])
      expect(found.size).toBe(230)
      for (const item of items) expect(found.get(item.raw_table_name)).toEqual(item)
      expect(await ledger.getMany([])).toEqual(new Map())
      expect((await ledger.all()).map((item) => item.raw_table_name)).toEqual(expect.arrayContaining(names))
    })
  })
}
