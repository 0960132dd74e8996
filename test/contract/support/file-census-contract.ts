/** What every census of the file ledger must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { FileCensus } from '../../../shared/ports/file-census.ts'
import type { FileLedger } from '../../../shared/ports/file-ledger.ts'
import type { TableLedger } from '../../../shared/ports/table-ledger.ts'
import { claimed, collected, landed, newName, settled } from './items.ts'

interface Ledger {
  readonly census: FileCensus
  readonly files: FileLedger
  readonly tables: TableLedger
}

export function fileCensusContract(name: string, makeLedger: () => Ledger): void {
  describe(`file census: ${name}`, () => {
    test('of many files at once it knows those that wait and those in history, and no others', async () => {
      const { census, files, tables } = makeLedger()
      const [table, other] = [newName(), newName()]
      const all = Array.from({ length: 230 }, (_, n) => landed(n % 2 === 0 ? table : other, n))
      const known = all.filter((_, n) => n % 3 !== 0)
      await Promise.all(known.map((file) => files.land(file)))
      await tables.replace(claimed(table), undefined)
      const moved = known.filter((file) => file.source_table_name === table).slice(0, 40)
      await files.move(
        { table, token: 7 },
        moved.map((file) => ({ settled: settled(file) })),
      )
      expect(await census.known(all)).toEqual(new Set(known.map(({ file_id }) => file_id)))
      expect(await census.known([])).toEqual(new Set())
    })

    test('a file is known under its own table only', async () => {
      const { census, files } = makeLedger()
      const file = landed(newName(), 1)
      await files.land(file)
      expect(await census.known([{ source_table_name: newName(), file_id: file.file_id }])).toEqual(new Set())
    })

    test('every waiting file is shown whole, of one table or of all', async () => {
      const { census, files } = makeLedger()
      const [table, other] = [newName(), newName()]
      const mine = [landed(table, 1), landed(table, 2)]
      for (const file of [...mine, landed(other, 3)]) await files.land(file)
      const byId = (files: { file_id: string }[]) => files.toSorted((a, b) => (a.file_id < b.file_id ? -1 : 1))
      expect(byId(await collected(census.everyWaiting(table)))).toEqual(mine)
      const all = (await collected(census.everyWaiting())).map((file) => file.source_table_name)
      expect(all).toEqual(expect.arrayContaining([table, table, other]))
      expect(await collected(census.everyWaiting(newName()))).toEqual([])
    })
  })
}
