/** How many of the waiting files a claim takes: the oldest, up to both caps. S3 is asked about ties only. */
import { describe, expect, it } from 'vitest'
import { fileSetOf, waitingFiles } from '../../../shared/claims/file-set.ts'
import type { LandedFile } from '../../../shared/contracts/ledger.ts'
import { landed } from '../../contract/support/items.ts'

const TABLE = 'hr_emp'
const some = (count: number, more: Partial<LandedFile> = {}) =>
  Array.from({ length: count }, (_, n) => landed(TABLE, n, { bytes: 100, ...more }))
const NO_QUESTION = {
  head: async () => {
    throw new Error('S3 was asked')
  },
}
const taken = async (files: readonly LandedFile[], caps: { files?: number; bytes?: number }) =>
  (await fileSetOf(files, { files: 1_000, bytes: 1_000_000, ...caps }, NO_QUESTION)).chosen.length

describe('a claim takes', () => {
  it('as many files as the cap says, and all when it says as many as there are', async () => {
    expect([await taken(some(3), { files: 2 }), await taken(some(3), { files: 3 }), await taken([], {})]).toEqual([
      2, 3, 0,
    ])
  })

  it('as many bytes as the cap says, to the byte', async () => {
    expect([await taken(some(3), { bytes: 200 }), await taken(some(3), { bytes: 199 })]).toEqual([2, 1])
  })

  it('one file however large it is', async () => {
    expect(await taken(some(2, { bytes: 5_000 }), { bytes: 1 })).toBe(1)
  })

  it('the oldest ones', async () => {
    const files = some(5)
    const { chosen, standing } = await fileSetOf(files, { files: 2, bytes: 1_000 }, NO_QUESTION)
    expect(chosen).toEqual(files.slice(0, 2))
    expect(standing).toEqual(files)
  })

  it('nothing that was put at or after the beginning of a reload', async () => {
    const files = some(4)
    const begins = files[2]?.put_at_s
    const { chosen, standing } = await fileSetOf(files, { files: 9, bytes: 1_000 }, NO_QUESTION, begins)
    expect([chosen, standing]).toEqual([files.slice(0, 2), files])
  })

  it('no full-load file whose key was put again later: that is a reload, and nothing of the old one is overwritten', async () => {
    const key = { file_ingestion_path: 'hr/emp/LOAD00000001.parquet', dms_file_type: 'Full' } as const
    const [old, again] = [landed(TABLE, 1, key), landed(TABLE, 2, key)]
    const set = await fileSetOf([old, again], { files: 9, bytes: 1_000_000 }, NO_QUESTION)
    expect(set.overwritten).toEqual([])
    expect(set.standing).toEqual([again])
  })

  it('no change file whose key was put again later, and it is overwritten', async () => {
    const key = { file_ingestion_path: 'hr/emp/1.parquet' }
    const [old, again] = [landed(TABLE, 1, key), landed(TABLE, 2, key)]
    const set = await fileSetOf([old, again], { files: 9, bytes: 1_000_000 }, NO_QUESTION)
    expect([set.overwritten, set.chosen]).toEqual([[old], [again]])
  })
})

describe('the look at what waits', () => {
  const ledger = (files: readonly LandedFile[]) => {
    const asked: number[] = []
    const waiting = async (_: string, limit: number) => {
      asked.push(limit)
      return files.slice(0, limit)
    }
    return { asked, waiting }
  }

  it('reads no more than the cap', async () => {
    const { asked, waiting } = ledger(some(9))
    expect(await waitingFiles(TABLE, { files: 3, bytes: 1 }, false, { waiting })).toHaveLength(3)
    expect(asked).toEqual([3])
  })

  it('reads everything when it has to be thorough', async () => {
    const { asked, waiting } = ledger(some(9))
    expect(await waitingFiles(TABLE, { files: 3, bytes: 1 }, true, { waiting })).toHaveLength(9)
    expect(asked).toHaveLength(1)
  })
})
