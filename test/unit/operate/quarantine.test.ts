import { describe, expect, it } from 'vitest'
import type { QuarantineNote, SettledFile } from '../../../shared/contracts/ledger.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { discardFile, quarantinedFile, quarantinedFiles, releaseFile } from '../../../shared/operate/quarantine.ts'
import { claimed, landed, settled, sha } from '../../contract/support/items.ts'

const NOTE: QuarantineNote = {
  stage: 'read',
  reason: 'not_parquet',
  detail: 'no magic bytes at the end',
  rows: [],
  error_code: 'TG2101',
  batch_id: `sha256:${sha('rejected')}`,
  discarded_at_ms: null,
}
const TABLES = ['hr_a', 'hr_b', 'hr_none']

/** Two quarantined files of `hr_a` and one of `hr_b`; only the first one's object is as it was. */
async function world() {
  let ids = 0
  const ports = { ...createMemoryPorts(), newId: () => String(++ids), who: 'ada@laptop' }
  const put = async (table: string, n: number): Promise<SettledFile> => {
    const key = `in/${table}/file-${n}.parquet`
    await ports.objects.put('staging', key, `bytes ${n}`)
    const head = await ports.objects.head('staging', key)
    const file = landed(table, n, { file_ingestion_path: key, etag: head?.etag ?? '' })
    await ports.files.land(file)
    const { batch_id: _, rows: __, generation: ___, max_sequence: ____, ...rest } = settled(file)
    return { ...rest, file_ingestion_status: 'raw_file_quarantined', reason: NOTE.reason, quarantine: NOTE }
  }
  const all = []
  for (const [table, ns] of [
    ['hr_a', [1, 2]],
    ['hr_b', [3]],
  ] as const) {
    await ports.tables.replace(claimed(table), undefined)
    const files = await Promise.all(ns.map((n) => put(table, n)))
    await ports.files.move(
      { table, token: 7 },
      files.map((file) => ({ settled: file })),
    )
    all.push(...files)
  }
  const [first, second, third] = all
  if (!first || !second || !third) throw new Error('three files')
  return { ports, first, second, third }
}

describe('a quarantined file', () => {
  it('is listed with those of its table, or of all', async () => {
    const { ports, first, second, third } = await world()
    expect(await quarantinedFiles(TABLES, ports.files)).toEqual([first, second, third])
    expect(await quarantinedFiles(['hr_b'], ports.files)).toEqual([third])
  })

  it('is found by its id, the beginning of it, its key and its URI', async () => {
    const { ports, first, second } = await world()
    for (const name of [
      first.file_id,
      first.file_id.slice(0, 20),
      first.file_ingestion_path,
      `s3://staging/${first.file_ingestion_path}`,
    ])
      expect(await quarantinedFile(name, TABLES, ports.files)).toEqual(first)
    await expect(quarantinedFile('000000000000', TABLES, ports.files)).rejects.toThrow(
      'TG2641: no quarantined file is `000000000000`. `tidegate quarantine list` has those that wait for a decision.',
    )
    expect(await quarantinedFile(second.file_id.slice(0, 14), ['hr_a'], ports.files)).toEqual(second)
    await expect(quarantinedFile(first.file_id.slice(0, 11), TABLES, ports.files)).rejects.toMatchObject({
      code: 'TG2641',
    })
    // A settled file that nobody ever put aside is none.
    const applied = { settled: async () => settled(landed('hr_a', 9)), quarantined: ports.files.quarantined }
    await expect(quarantinedFile('000000000009-a', ['hr_a'], applied)).rejects.toMatchObject({ code: 'TG2641' })
    await expect(quarantinedFile(second.file_id.slice(0, 3), TABLES, ports.files)).rejects.toMatchObject({
      code: 'TG2641',
    })
  })

  it('is not guessed among several', async () => {
    const { ports } = await world()
    const twin = {
      ...ports.files,
      quarantined: async () => [
        ...(await ports.files.quarantined('hr_a', 1)),
        ...(await ports.files.quarantined('hr_a', 1)),
      ],
    }
    const [one] = await ports.files.quarantined('hr_a', 1)
    await expect(quarantinedFile(one?.file_id ?? '', ['hr_a'], twin)).rejects.toThrow(
      `TG2642: \`${one?.file_id}\` means 2 quarantined files. Give more of one's id; \`tidegate quarantine list\` has them.`,
    )
  })

  it('released waits again, and leaves an audit item', async () => {
    const { ports, first, second } = await world()
    await releaseFile(first, 'the reader was at fault', ports)
    expect((await ports.files.waiting('hr_a', 9)).map((file) => file.file_id)).toEqual([first.file_id])
    expect(await quarantinedFiles(['hr_a'], ports.files)).toEqual([second])
    expect(await ports.audit.recent(9)).toMatchObject([
      {
        verb: 'quarantine release',
        target: first.file_id,
        reason: 'the reader was at fault',
        result: 'done',
        details: { table: 'hr_a', path: first.file_ingestion_path, rejected: NOTE.batch_id },
      },
    ])
  })

  it('whose bytes are not there any more is not released', async () => {
    const { ports, first } = await world()
    await ports.objects.put('staging', first.file_ingestion_path, 'mended')
    await expect(releaseFile(first, null, ports)).rejects.toThrow(
      `TG3321: \`s3://staging/${first.file_ingestion_path}\` is gone, or has other bytes than those that were quarantined.`,
    )
    expect(await ports.audit.recent(9)).toEqual([])
    expect(await ports.files.waiting('hr_a', 9)).toEqual([])
  })

  it('discarded is given up once, is still found by its id, and can be released after all', async () => {
    const { ports, first } = await world()
    await discardFile(first, 'the source resends it', ports)
    const given = await quarantinedFile(first.file_id, TABLES, ports.files)
    expect(given.quarantine?.discarded_at_ms).toBe(ports.clock.now())
    await expect(discardFile(given, 'again', ports)).rejects.toThrow(
      `TG3322: \`${first.file_id}\` was given up already, at ${new Date(ports.clock.now()).toISOString()}. To apply it after all: \`tidegate quarantine release\`.`,
    )
    await releaseFile(given, null, ports)
    expect(await ports.files.waiting('hr_a', 9)).toHaveLength(1)
  })

  it('that somebody decided upon since the preview stays as they left it', async () => {
    const { ports, first } = await world()
    await releaseFile(first, null, ports)
    await expect(discardFile(first, 'too late', ports)).rejects.toThrow(
      `TG3320: \`${first.file_id}\` is not as it was when \`quarantine discard\` looked: somebody decided, or it was quarantined anew.`,
    )
    expect(await ports.files.waiting('hr_a', 9)).toHaveLength(1)
    expect(await ports.audit.recent(1)).toMatchObject([{ verb: 'quarantine discard', result: 'failed' }])
  })
})
