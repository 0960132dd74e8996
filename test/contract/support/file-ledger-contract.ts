/** What every file ledger must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { FileLedger, FileMove } from '../../../shared/ports/file-ledger.ts'
import type { TableLedger } from '../../../shared/ports/table-ledger.ts'
import { claimed, landed, markerOf, newName, settled } from './items.ts'

interface Ledgers {
  readonly files: FileLedger
  readonly tables: TableLedger
}

const filesOf = (table: string, count: number) => Array.from({ length: count }, (_, n) => landed(table, n))
const movesOf = (files: ReturnType<typeof filesOf>): FileMove[] => files.map((file) => ({ settled: settled(file) }))

export function fileLedgerContract(name: string, makePorts: () => Ledgers): void {
  describe(`file ledger: ${name}`, () => {
    /** A table that the token 7 has claimed, with waiting files. */
    async function claimedTable(files: number) {
      const ports = makePorts()
      const table = newName()
      await ports.tables.replace(claimed(table), undefined)
      const waiting = filesOf(table, files)
      await Promise.all(waiting.map((file) => ports.files.land(file)))
      return { ...ports, table, waiting, proof: { table, token: 7 } }
    }

    test('a file lands once, however often it is announced', async () => {
      const { files } = makePorts()
      const file = landed(newName(), 1, { version_id: 'v1', file_ingestion_path: 'staging/a+b c%2B é/ü.parquet' })
      expect(await files.land(file)).toBe('landed')
      expect(await files.land({ ...file, landed_at_ms: 9 })).toBe('already_waiting')
      expect(await files.waiting(file.source_table_name, 10)).toEqual([file])
    })

    test('64 deliveries at once: one lands', async () => {
      const { files } = makePorts()
      const file = landed(newName(), 1)
      const results = await Promise.all(Array.from({ length: 64 }, () => files.land(file)))
      expect(results.filter((result) => result === 'landed')).toHaveLength(1)
      expect(results.filter((result) => result === 'already_waiting')).toHaveLength(63)
    })

    test('files wait oldest first, up to the limit, of their own table only', async () => {
      const { files } = makePorts()
      const table = newName()
      const all = filesOf(table, 9)
      for (const file of all.toReversed()) await files.land(file)
      await files.land(landed(newName(), 0))
      expect(await files.waiting(table, 4)).toEqual(all.slice(0, 4))
      expect(await files.waiting(table, 100)).toEqual(all)
      expect(await files.hasWaiting(table)).toBe(true)
      expect(await files.hasWaiting(newName())).toBe(false)
      expect(await files.waiting(newName(), 5)).toEqual([])
    })

    test('more than one page of waiting files is read to the end', async () => {
      const { files } = makePorts()
      const table = newName()
      const longKey = (n: number) => `staging/${String(n).padStart(4, '0')}${'x'.repeat(1_000)}`
      const all = Array.from({ length: 900 }, (_, n) => landed(table, n, { file_ingestion_path: longKey(n) }))
      for (let start = 0; start < all.length; start += 50) {
        await Promise.all(all.slice(start, start + 50).map((file) => files.land(file)))
      }
      const ids = all.map((file) => file.file_id)
      expect((await files.waiting(table, 10_000)).map((file) => file.file_id)).toEqual(ids)
      expect((await files.waiting(table, 850)).map((file) => file.file_id)).toEqual(ids.slice(0, 850))
      expect((await files.waitingByTable()).get(table)?.files).toBe(900)
    })

    test('what waits is summed up by table', async () => {
      const { files } = makePorts()
      const table = newName()
      const all = filesOf(table, 3)
      for (const file of all.toReversed()) await files.land(file)
      await files.land(landed(table, 4, { dms_file_type: 'Full' }))
      expect((await files.waitingByTable()).get(table)).toEqual({ files: 4, full: 1, bytes: 4_007, oldest: all[0] })
      expect((await files.waitingByTable()).has(newName())).toBe(false)
    })

    test('a moved file is in history, no longer waits, and never lands again', async () => {
      const { files, table, waiting, proof } = await claimedTable(2)
      const [first, second] = waiting
      if (!first || !second) throw new Error('two files')
      const item = settled(first)
      await files.move(proof, [{ settled: item, marker: markerOf(first) }])
      expect(await files.waiting(table, 10)).toEqual([second])
      expect(await files.settled(table, first.file_id)).toEqual(item)
      expect(await files.settled(table, second.file_id)).toBeUndefined()
      expect(await files.marker(table, 1, first.file_ingestion_path)).toEqual(markerOf(first))
      expect(await files.marker(table, 2, first.file_ingestion_path)).toBeUndefined()
      expect(await files.land(first)).toBe('already_settled')
      expect(await files.waiting(table, 10)).toEqual([second])
    })

    test('settled files come latest put first, up to the limit, without the markers', async () => {
      const { files, table, waiting, proof } = await claimedTable(7)
      const moves = waiting.map((file) => ({ settled: settled(file), marker: markerOf(file) }))
      await files.move(proof, moves)
      const latestFirst = moves.map((move) => move.settled).toReversed()
      expect(await files.settledFiles(table, 3)).toEqual(latestFirst.slice(0, 3))
      expect(await files.settledFiles(table, 100)).toEqual(latestFirst)
      expect(await files.settledFiles(newName(), 5)).toEqual([])
    })

    test('moving a moved file again changes nothing, and moves the rest', async () => {
      const { files, table, waiting, proof } = await claimedTable(20)
      await files.move(proof, movesOf(waiting.slice(0, 10)))
      const again = waiting.map((file) => ({
        settled: settled(file, { settled_at_ms: 1_800_000_000_000 }),
        marker: markerOf(file),
      }))
      await files.move(proof, again)
      await files.move(proof, again)
      expect(await files.hasWaiting(table)).toBe(false)
      const times = await Promise.all(
        waiting.map(async (file) => (await files.settled(table, file.file_id))?.settled_at_ms),
      )
      expect(times).toEqual([...Array(10).fill(1_700_001_000_000), ...Array(10).fill(1_800_000_000_000)])
    })

    test('a full-load key keeps its first marker of a generation', async () => {
      const { files, table, waiting, proof } = await claimedTable(2)
      const [first, second] = waiting
      if (!first || !second) throw new Error('two files')
      const late = { ...markerOf(first), marker_of: second.file_id }
      await files.move(proof, [{ settled: settled(first), marker: markerOf(first) }])
      await files.move(proof, [{ settled: settled(second), marker: late }])
      expect((await files.marker(table, 1, first.file_ingestion_path))?.marker_of).toBe(first.file_id)
      expect(await files.settled(table, second.file_id)).toBeDefined()
    })

    test.each([
      ['without markers', false],
      ['with markers', true],
    ])('more files than one transaction takes, %s', async (_, withMarkers) => {
      const { files, table, waiting, proof } = await claimedTable(120)
      const moves = waiting.map((file) => ({
        settled: settled(file),
        ...(withMarkers ? { marker: markerOf(file) } : {}),
      }))
      await files.move(proof, moves)
      expect(await files.hasWaiting(table)).toBe(false)
      const found = await Promise.all(waiting.map((file) => files.settled(table, file.file_id)))
      expect(found).toEqual(moves.map((move) => move.settled))
    })

    test.each([
      ['the token is another', { token: 6 }, {}],
      ['the token is the next', { token: 8 }, {}],
      ['the table was released', { token: 7 }, { refresh_status: 'completed' as const }],
      ['the table is held', { token: 7 }, { refresh_status: 'held' as const }],
    ])('nothing moves when %s', async (_, { token }, change) => {
      const { files, tables, table, waiting } = await claimedTable(3)
      await tables.replace(claimed(table, { revision: 2, ...change }), claimed(table))
      await expect(files.move({ table, token }, movesOf(waiting))).rejects.toMatchObject({
        code: 'TG3001',
        certainty: 'terminal',
      })
      expect(await files.waiting(table, 10)).toEqual(waiting)
    })

    test('nothing moves for a table that was never claimed', async () => {
      const { files } = makePorts()
      const file = landed(newName(), 1)
      await files.land(file)
      const moving = files.move({ table: file.source_table_name, token: 1 }, movesOf([file]))
      await expect(moving).rejects.toMatchObject({ code: 'TG3001' })
    })

    test('two attempts of one owner move at once, while the files are announced again', async () => {
      const { files, table, waiting, proof } = await claimedTable(60)
      const results = await Promise.all([
        files.move(proof, movesOf(waiting)),
        files.move(proof, movesOf(waiting.toReversed())),
        ...waiting.filter((_, n) => n % 3 === 0).map((file) => files.land(file)),
      ])
      expect(results).not.toContain('landed')
      expect(await files.hasWaiting(table)).toBe(false)
      const found = await Promise.all(waiting.map((file) => files.settled(table, file.file_id)))
      expect(found.map((file) => file?.file_id)).toEqual(waiting.map((file) => file.file_id))
    })
  })
}
