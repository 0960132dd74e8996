/** What every file ledger must do with files that a batch was rejected for. */
import { describe, expect, test } from 'vitest'
import type { SettledFile } from '../../../shared/contracts/ledger.ts'
import type { FileLedger } from '../../../shared/ports/file-ledger.ts'
import type { TableLedger } from '../../../shared/ports/table-ledger.ts'
import { claimed, landed, newName, quarantined, settled } from './items.ts'

interface Ledgers {
  readonly files: FileLedger
  readonly tables: TableLedger
}

const AT = 1_800_000_000_000

export function quarantineContract(name: string, makePorts: () => Ledgers): void {
  describe(`quarantine: ${name}`, () => {
    /** A table with `count` files in quarantine, one that was applied, and one that waits. */
    async function tableWith(count: number) {
      const { files, tables } = makePorts()
      const table = newName()
      await tables.replace(claimed(table), undefined)
      const all = Array.from({ length: count + 2 }, (_, n) => landed(table, n))
      for (const file of all) await files.land(file)
      const [applied, waiting, ...poison] = all
      if (!applied || !waiting) throw new Error('two more')
      const bad = poison.map((file) => quarantined(file))
      const moves = [...bad, settled(applied)].map((one) => ({ settled: one }))
      await files.move({ table, token: 7 }, moves)
      return { files, table, waiting, bad, first: bad[0] as SettledFile, moves }
    }
    const discarded = (file: SettledFile): SettledFile => ({
      ...file,
      ...(file.quarantine && { quarantine: { ...file.quarantine, discarded_at_ms: AT } }),
    })

    test('what is quarantined no longer waits, never lands again, and is listed, oldest put first', async () => {
      const { files, table, waiting, bad, first } = await tableWith(3)
      expect(await files.waiting(table, 10)).toEqual([waiting])
      expect(await files.land(landed(table, 2))).toBe('already_settled')
      expect(await files.settled(table, first.file_id)).toEqual(first)
      expect(await files.quarantined(table, 10)).toEqual(bad)
      expect(await files.quarantined(table, 2)).toEqual(bad.slice(0, 2))
      expect(await files.quarantined(newName(), 2)).toEqual([])
      expect((await files.settledFiles(table, 10)).map((file) => file.file_id)).toEqual(
        [settled(landed(table, 0)), ...bad].map((file) => file.file_id).toReversed(),
      )
    })

    test('more files than one transaction takes, moved twice', async () => {
      const { files, table, bad, moves } = await tableWith(70)
      await files.move({ table, token: 7 }, moves)
      expect(await files.quarantined(table, 100)).toEqual(bad)
    })

    test('a released file waits again as it landed, once; a redelivered event changes nothing', async () => {
      const { files, table, waiting, bad, first } = await tableWith(2)
      expect(await files.release(first, AT)).toBe(true)
      const again = { ...landed(table, 2), released_at_ms: AT }
      expect(await files.waiting(table, 10)).toEqual([waiting, again])
      expect(await files.settled(table, first.file_id)).toBeUndefined()
      expect(await files.quarantined(table, 10)).toEqual(bad.slice(1))
      expect(await files.release(first, AT + 1)).toBe(false)
      expect(await files.discard(first, AT + 1)).toBe(false)
      expect(await files.land(landed(table, 2))).toBe('already_waiting')
      expect(await files.waiting(table, 10)).toEqual([waiting, again])
    })

    test('a released file can be quarantined anew, and what was seen before decides nothing', async () => {
      const { files, table, first } = await tableWith(1)
      await files.release(first, AT)
      const anew = { ...quarantined({ ...landed(table, 2), released_at_ms: AT }), settled_at_ms: AT + 5 }
      await files.move({ table, token: 7 }, [{ settled: anew }])
      expect(await files.quarantined(table, 10)).toEqual([anew])
      expect(await files.release(first, AT)).toBe(false)
      expect(await files.release(anew, AT + 9)).toBe(true)
    })

    test('a discarded file stays in history and is no longer listed; it can still be released', async () => {
      const { files, table, waiting, first } = await tableWith(1)
      expect(await files.discard(first, AT)).toBe(true)
      expect(await files.quarantined(table, 10)).toEqual([])
      expect(await files.settled(table, first.file_id)).toEqual(discarded(first))
      expect(await files.discard(first, AT)).toBe(false)
      expect(await files.release(first, AT)).toBe(false)
      expect(await files.waiting(table, 10)).toEqual([waiting])
      expect(await files.release(discarded(first), AT)).toBe(true)
      expect(await files.waiting(table, 10)).toHaveLength(2)
    })

    test('a file that was applied is no quarantined one', async () => {
      const { files, table } = await tableWith(0)
      const applied = settled(landed(table, 0))
      expect(await files.release(applied, AT)).toBe(false)
      expect(await files.discard(applied, AT)).toBe(false)
      expect(await files.settled(table, applied.file_id)).toEqual(applied)
    })

    test('of an operator who releases and one who discards at once, one wins', async () => {
      const { files, table, first } = await tableWith(1)
      const results = await Promise.all([files.release(first, AT), files.discard(first, AT)])
      expect(results.filter(Boolean)).toHaveLength(1)
      const [released] = results
      expect(await files.waiting(table, 10)).toHaveLength(released ? 2 : 1)
    })
  })
}
