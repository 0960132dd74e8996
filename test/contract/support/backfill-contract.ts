/** What every file ledger must do with applied files that are to be applied again. */
import { describe, expect, test } from 'vitest'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { waitsForBackfill } from '../../../shared/files/as-landed.ts'
import type { FileLedger, FileReturn } from '../../../shared/ports/file-ledger.ts'
import type { TableLedger } from '../../../shared/ports/table-ledger.ts'
import { claimed, landed, markerOf, newName, quarantined, settled } from './items.ts'

interface Ledgers {
  readonly files: FileLedger
  readonly tables: TableLedger
}

const AT = 1_800_000_000_000
const PUT = 1_700_000_000

export function backfillContract(name: string, makePorts: () => Ledgers): void {
  describe(`backfill: ${name}`, () => {
    /** A table whose `count` files are applied, one put a second. */
    async function appliedTable(count: number) {
      const { files, tables } = makePorts()
      const table = newName()
      const item = claimed(table)
      await tables.replace(item, undefined)
      const all = Array.from({ length: count }, (_, n) => landed(table, n))
      await Promise.all(all.map((file) => files.land(file)))
      const history = all.map((file) => settled(file))
      await files.move(
        { table, token: 7 },
        all.map((file) => ({ settled: settled(file), marker: markerOf(file) })),
      )
      const returns = history.map((seen): FileReturn => ({ seen, again: waitsForBackfill(seen, 'snapshot', AT) }))
      return { files, tables, table, item, all, history, returns }
    }
    const writtenSince = async (tables: TableLedger, item: TableItem) =>
      tables.replace({ ...item, revision: item.revision + 1 }, item)

    test('settled files of a span of put times, oldest first, without the markers', async () => {
      const { files, table, history } = await appliedTable(9)
      expect(await files.settledBetween(table, PUT + 2, PUT + 5)).toEqual(history.slice(2, 5))
      expect(await files.settledBetween(table, 0, 999_999_999_999)).toEqual(history)
      expect(await files.settledBetween(table, PUT + 9, PUT + 99)).toEqual([])
      expect(await files.settledBetween(newName(), 0, PUT + 99)).toEqual([])
    })

    test('applied files wait again as they landed, and their events change nothing', async () => {
      const { files, table, item, all, history, returns } = await appliedTable(3)
      expect(await files.returnApplied(item, returns.slice(1))).toBe(2)
      expect(await files.waiting(table, 9)).toEqual(all.slice(1).map((file) => ({ ...file, backfilled_at_ms: AT })))
      expect(await files.settledBetween(table, 0, PUT + 99)).toEqual(history.slice(0, 1))
      for (const file of all.slice(1)) expect(await files.land(file)).toBe('already_waiting')
    })

    test('more files than one transaction takes', async () => {
      const { files, table, item, returns } = await appliedTable(120)
      expect(await files.returnApplied(item, returns)).toBe(120)
      expect(await files.waiting(table, 200)).toEqual(returns.map(({ again }) => again))
      expect(await files.settledBetween(table, 0, PUT + 999)).toEqual([])
    })

    test('nothing goes back when the table was written since', async () => {
      const { files, tables, table, item, history, returns } = await appliedTable(2)
      await writtenSince(tables, item)
      expect(await files.returnApplied(item, returns)).toBe(0)
      expect(await files.hasWaiting(table)).toBe(false)
      expect(await files.settledBetween(table, 0, PUT + 99)).toEqual(history)
    })

    test('ends at the first transaction that is refused, and says how many wait; the rest goes another time', async () => {
      const { files, table, item, history, returns } = await appliedTable(60)
      const last = returns.at(-1)
      if (!last) throw new Error('sixty files')
      expect(await files.returnApplied(item, [last])).toBe(1)
      expect(await files.returnApplied(item, returns)).toBe(49)
      expect(await files.settledBetween(table, 0, PUT + 99)).toEqual(history.slice(49, 59))
      expect(await files.returnApplied(item, returns.slice(49, 59))).toBe(10)
      expect(await files.waiting(table, 99)).toEqual(returns.map(({ again }) => again))
    })

    test('only what was applied goes back, and only as it was seen', async () => {
      const { files, table, item, returns } = await appliedTable(1)
      const [first] = returns
      const bad = quarantined(landed(table, 5))
      await files.move({ table, token: 7 }, [{ settled: bad }])
      const decided = { seen: bad, again: waitsForBackfill(bad, 'snapshot', AT) }
      expect(await files.returnApplied(item, [decided])).toBe(0)
      if (!first) throw new Error('one file')
      const other = { ...first, seen: { ...first.seen, settled_at_ms: AT } }
      expect(await files.returnApplied(item, [other])).toBe(0)
      expect(await files.hasWaiting(table)).toBe(false)
    })

    test('once applied again it is history once more, and can go back again', async () => {
      const { files, table, item, returns } = await appliedTable(1)
      await files.returnApplied(item, returns)
      const anew = returns.map(({ again }) => settled(again, { settled_at_ms: AT + 5 }))
      await files.move(
        { table, token: 7 },
        anew.map((one) => ({ settled: one })),
      )
      expect(await files.settledBetween(table, 0, PUT + 99)).toEqual(anew)
      expect(await files.returnApplied(item, returns)).toBe(0)
      const again = anew.map((seen) => ({ seen, again: waitsForBackfill(seen, 'snapshot', AT + 9) }))
      expect(await files.returnApplied(item, again)).toBe(1)
    })
  })
}
