import { describe, expect, it } from 'vitest'
import type { SettledFile } from '../../../shared/contracts/ledger.ts'
import { createMemoryTableHistories } from '../../../shared/memory/table-histories.ts'
import { doBackfill, refuseGoneFiles } from '../../../shared/operate/backfill/backfill.ts'
import { previewBackfill, type Span } from '../../../shared/operate/backfill/preview.ts'
import type { TableSnapshot } from '../../../shared/ports/table-histories.ts'
import {
  claim,
  createWorld,
  item,
  type Lake,
  plannedTables,
  putFile,
  runJob,
  STAGING,
  settle,
  tableConfig,
  type World,
} from '../claims/world.ts'

const TABLE = 'shop_orders'
const ALL: Span = { fromS: 0, toS: 999_999_999_999 }

async function world(mode: 'snapshot' | 'historical' = 'snapshot') {
  let ids = 0
  const base = await createWorld([TABLE])
  const histories = createMemoryTableHistories()
  const ports = { ...base, histories, newId: () => String(++ids), who: 'ada@laptop' }
  const plain = tableConfig(TABLE)
  await ports.config.putTable({ ...plain, merge: { ...plain.merge, mode } })
  const lake: Lake = new Map()
  let runs = 0

  /** One run of the cadence from claim to settling. The files of each batch of the lake, by id. */
  const run = async () => {
    const claimed = await claim(ports, `run-${++runs}`)
    await runJob(ports, lake, claimed)
    await settle(ports, `run-${runs}`, claimed)
    await remember()
    return claimed
  }
  /** The table's own history: what was committed, and not rolled back. */
  const remember = async (rolledBack: readonly string[] = [], kept = Number.POSITIVE_INFINITY) => {
    const told = (lake.get(TABLE) ?? []).map(
      (commit, at): TableSnapshot => ({
        id: commit.snapshot,
        batch_id: commit.batch,
        generation: 1,
        sequence_number: at + 1,
      }),
    )
    const lineage = told.filter(({ id }) => !rolledBack.includes(id)).toReversed()
    const others = told.filter(({ id }) => rolledBack.includes(id))
    histories.set(`raw.${TABLE}`, { lineage: lineage.slice(0, kept), complete: lineage.length <= kept, others })
  }
  /** The newest commit is gone from the table, and nobody told the ledger. */
  const rollBack = async (kept?: number) => {
    const last = lake.get(TABLE)?.pop()
    if (!last) throw new Error('nothing was committed')
    lake.get(TABLE)?.push(last)
    await remember([last.snapshot], kept)
    lake.get(TABLE)?.pop()
    return last
  }
  const backfill = async (span: Span = ALL) => {
    const preview = await previewBackfill(TABLE, span, ports)
    await doBackfill(preview, span, 'rows were lost', ports)
    return preview
  }
  return { ports, lake, run, rollBack, backfill, remember }
}

/** Two batches: a full load with one change file, then another change file. */
async function twoBatches(mode: 'snapshot' | 'historical' = 'snapshot') {
  const all = await world(mode)
  const full = await putFile(all.ports, TABLE, 'LOAD00000001.parquet', 'full')
  const first = await putFile(all.ports, TABLE, '20231118-101012345.parquet', '0001')
  await all.run()
  const second = await putFile(all.ports, TABLE, '20231118-102012345.parquet', 'D002')
  await all.run()
  return { ...all, full, first, second, ids: [full, first, second].map((file) => file.file_id) }
}

const waitingIds = async (ports: World) => (await ports.files.waiting(TABLE, 99)).map((file) => file.file_id)
const settledIds = async (ports: World) => (await ports.files.settledBetween(TABLE, 0, 999_999_999_999)).map(idOf)
const idOf = (file: SettledFile): string => file.file_id

describe('[backfill] snapshot mode', () => {
  it('applied files wait again, the next run applies them in one batch of their own, and they are settled once more', async () => {
    const { ports, lake, run, backfill, ids } = await twoBatches()
    const before = await item(ports)
    await backfill()
    expect(await waitingIds(ports)).toEqual(ids)
    expect(await settledIds(ports)).toEqual([])
    const claimed = await run()
    const [planned] = await plannedTables(ports, claimed)
    expect(planned?.entry.applied).toMatchObject({ max_sequence: 'D002', snapshot: before.last_snapshot })
    expect(lake.get(TABLE)?.at(-1)?.files).toEqual(ids)
    expect(await waitingIds(ports)).toEqual([])
    expect(await settledIds(ports)).toEqual(ids)
    expect(await item(ports)).toMatchObject({
      refresh_status: 'completed',
      generation: 1,
      applied_max_sequence: 'D002',
      fresh_as_of_s: before.fresh_as_of_s,
    })
  })

  it('takes the files that were put in the span, its end not included', async () => {
    const { ports, backfill, first, second } = await twoBatches()
    const preview = await backfill({ fromS: first.put_at_s, toS: second.put_at_s })
    expect(preview.files.map(idOf)).toEqual([first.file_id])
    expect(await waitingIds(ports)).toEqual([first.file_id])
  })

  it('a full-load file that goes back is no second put of its key', async () => {
    const { ports, run, backfill, full } = await twoBatches()
    await backfill({ fromS: full.put_at_s, toS: full.put_at_s + 1 })
    await run()
    expect(await item(ports)).toMatchObject({ refresh_status: 'completed', hold_reason: null })
  })

  it('goes on where it was interrupted, and done twice it is done once', async () => {
    const { ports, backfill, ids, first } = await twoBatches()
    await backfill({ fromS: first.put_at_s, toS: ALL.toS })
    const preview = await backfill()
    expect(preview.files.map(idOf)).toEqual(ids.slice(0, 1))
    expect(await waitingIds(ports)).toEqual(ids)
    await expect(backfill()).rejects.toMatchObject({ code: 'TG3352' })
  })

  it('leaves one audit item with what was asked and how many files went back', async () => {
    const { ports, backfill } = await twoBatches()
    await backfill()
    expect(await ports.audit.recent(9)).toMatchObject([
      {
        verb: 'backfill',
        target: TABLE,
        who: 'ada@laptop',
        reason: 'rows were lost',
        result: 'done',
        details: { from_s: 0, files: 3, returned: 3 },
      },
    ])
  })

  it('a table that was rolled back goes on from where it is: look-ups would not reach its last settled snapshot', async () => {
    const { ports, run, rollBack, backfill, second, lake } = await twoBatches()
    await rollBack()
    const [kept] = lake.get(TABLE) ?? []
    await backfill({ fromS: second.put_at_s, toS: ALL.toS })
    expect(await item(ports)).toMatchObject({ last_snapshot: kept?.snapshot, applied_max_sequence: 'D002' })
    const claimed = await run()
    expect((await plannedTables(ports, claimed))[0]?.entry.applied.snapshot).toBe(kept?.snapshot)
    expect(lake.get(TABLE)?.at(-1)?.files).toEqual([second.file_id])
  })

  it('a table that somebody dropped begins without a snapshot', async () => {
    const { ports, backfill } = await twoBatches()
    const gone = { ...ports, histories: createMemoryTableHistories() }
    const preview = await previewBackfill(TABLE, ALL, gone)
    expect(preview.after.last_snapshot).toBeNull()
    await doBackfill(preview, ALL, null, gone)
    expect(await item(ports)).toMatchObject({ last_snapshot: null, revision: preview.before.revision + 1 })
    await expect(backfill()).rejects.toMatchObject({ code: 'TG3352' })
  })
})

describe('[backfill] what it refuses', () => {
  it('a table that was never claimed, and one that nobody configured', async () => {
    const { ports } = await world()
    await expect(previewBackfill(TABLE, ALL, ports)).rejects.toMatchObject({ code: 'TG3301' })
    const applied = await twoBatches()
    await applied.ports.config.deleteTable('10_min_refresh', TABLE)
    await expect(applied.backfill()).rejects.toMatchObject({ code: 'TG3351' })
  })

  it('[frozen-set] while a run has the table, and while its last batch is open', async () => {
    const { ports, backfill, ids } = await twoBatches()
    await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    const claimed = await claim(ports, 'run-9')
    await expect(backfill()).rejects.toThrow(/TG3350.*`updating_table`.*`run-9-1-0` works on it/)
    await settle(ports, 'run-9', claimed)
    await expect(backfill()).rejects.toThrow(/TG3350.*`refresh_error`.*not resolved/)
    expect(await settledIds(ports)).toEqual(ids)
  })

  it('objects that are gone or have other bytes: it names them, and changes nothing', async () => {
    const { ports, backfill, first, ids } = await twoBatches()
    await ports.objects.put(STAGING, first.file_ingestion_path, 'other bytes')
    const preview = await previewBackfill(TABLE, ALL, ports)
    expect(preview.gone.map(idOf)).toEqual([first.file_id])
    expect(() => refuseGoneFiles(preview)).toThrow(first.file_ingestion_path)
    await expect(backfill()).rejects.toMatchObject({ code: 'TG3353' })
    expect(await settledIds(ports)).toEqual(ids)
    expect(await ports.audit.recent(9)).toEqual([])
  })

  it('files from before the reload that the table was replaced with; put times decide, whichever generation took a file first', async () => {
    const { ports, backfill, second } = await twoBatches()
    const reloaded = async (generation_from_s: number) => {
      const seen = await item(ports)
      await ports.tables.replace({ ...seen, revision: seen.revision + 1, generation: 2, generation_from_s }, seen)
    }
    await reloaded(second.put_at_s)
    await expect(backfill()).rejects.toThrow(/TG3356.*generation `1` and not `2`/)
    ports.histories.set(`raw.${TABLE}`, { lineage: [], complete: true, others: [] })
    const preview = await previewBackfill(TABLE, ALL, ports)
    expect(preview.files.map(idOf)).toEqual([second.file_id])
    expect(preview.left_out.map(({ reason }) => reason)).toEqual(['older_generation', 'older_generation'])
    await reloaded(second.put_at_s + 1)
    await expect(backfill()).rejects.toThrow(/TG3352.*`3` are of a full load before the current one/)
  })

  it('quarantined and superseded files are no part of it', async () => {
    const { ports, ids } = await twoBatches()
    const all = await ports.files.settledBetween(TABLE, 0, ALL.toS)
    const [superseded, quarantined, applied] = all
    const status = (file: SettledFile | undefined, now: SettledFile['file_ingestion_status']) =>
      file && { ...file, file_ingestion_status: now }
    const files = [status(superseded, 'raw_file_superseded'), status(quarantined, 'raw_file_quarantined'), applied]
    const told = {
      ...ports,
      files: { ...ports.files, settledBetween: async () => files.filter((one) => one !== undefined) },
    }
    expect((await previewBackfill(TABLE, ALL, told)).files.map(idOf)).toEqual(ids.slice(2))
  })

  it('when the table was claimed since the preview: nothing is changed', async () => {
    const { ports, ids } = await twoBatches()
    const preview = await previewBackfill(TABLE, ALL, ports)
    await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    await claim(ports, 'run-9')
    await expect(doBackfill(preview, ALL, null, ports)).rejects.toThrow(/TG3302.*`completed`.*`updating_table`/)
    expect(await settledIds(ports)).toEqual(ids)
    expect(await ports.audit.recent(9)).toMatchObject([
      { verb: 'backfill', result: 'failed', details: { returned: 0 } },
    ])
  })

  it('when it is claimed on the way: what went back waits, and the rest is said', async () => {
    const { ports } = await twoBatches()
    const preview = await previewBackfill(TABLE, ALL, ports)
    const interrupted = { ...ports, files: { ...ports.files, returnApplied: async () => 2 } }
    await expect(doBackfill(preview, ALL, null, interrupted)).rejects.toThrow(/TG3354.*`2` of `3`/)
  })
})

describe('[backfill] historical mode', () => {
  const ofBatch = (lake: Lake) => (lake.get(TABLE) ?? []).map((commit) => commit.batch)

  it('[commit-authority] a batch that was rolled back goes again whole, alone and under its own id', async () => {
    const { ports, lake, run, rollBack, backfill, second, ids } = await twoBatches('historical')
    const [kept] = ofBatch(lake)
    const { batch } = await rollBack()
    const { files, left_out } = await backfill()
    expect(files.map(idOf)).toEqual([second.file_id])
    expect(left_out.map(({ file, reason }) => [file.file_id, reason])).toEqual(
      ids.slice(0, 2).map((id) => [id, 'in_the_table']),
    )
    const fresh = await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    await run()
    expect(ofBatch(lake)).toEqual([kept, batch])
    expect(await waitingIds(ports)).toEqual([fresh.file_id])
    await run()
    expect(lake.get(TABLE)?.at(-1)?.files).toEqual([fresh.file_id])
    expect(await settledIds(ports)).toEqual([...ids, fresh.file_id])
  })

  it('files of its batch that were put outside of the span come along', async () => {
    const { ports, lake, run, backfill, first, ids } = await twoBatches('historical')
    const batches = ofBatch(lake)
    lake.clear()
    const dropped = { ...ports, histories: createMemoryTableHistories() }
    const span = { fromS: first.put_at_s, toS: first.put_at_s + 1 }
    const preview = await previewBackfill(TABLE, span, dropped)
    expect(preview.files.map(idOf)).toEqual(ids.slice(0, 2))
    await doBackfill(preview, span, null, dropped)
    await run()
    expect(ofBatch(lake)).toEqual(batches.slice(0, 1))
    await expect(backfill(span)).rejects.toThrow(/TG3352.*`1` are of batches that the table has/)
  })

  it('one batch a run, in the order in which they were put', async () => {
    const { ports, lake, run } = await twoBatches('historical')
    const batches = ofBatch(lake)
    lake.clear()
    const dropped = { ...ports, histories: createMemoryTableHistories() }
    await doBackfill(await previewBackfill(TABLE, ALL, dropped), ALL, null, dropped)
    await run()
    expect(ofBatch(lake)).toEqual(batches.slice(0, 1))
    await run()
    expect(ofBatch(lake)).toEqual(batches)
  })

  it('[all-or-nothing] half a batch waits, and holds nothing up, until the backfill is repeated', async () => {
    const { ports, lake, run, full, ids } = await twoBatches('historical')
    const [batch] = ofBatch(lake)
    lake.clear()
    const dropped = { ...ports, histories: createMemoryTableHistories() }
    const interrupted: typeof ports.files.returnApplied = (seen, returns) =>
      ports.files.returnApplied(seen, returns.slice(0, 1))
    const preview = await previewBackfill(TABLE, ALL, dropped)
    const some = { ...dropped, files: { ...ports.files, returnApplied: interrupted } }
    await expect(doBackfill(preview, ALL, null, some)).rejects.toMatchObject({ code: 'TG3354' })
    const fresh = await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    await run()
    expect(lake.get(TABLE)?.map((commit) => commit.files)).toEqual([[fresh.file_id]])
    expect(await waitingIds(ports)).toEqual([full.file_id])
    const rest = await previewBackfill(TABLE, { ...ALL, toS: full.put_at_s + 2 }, dropped)
    expect(rest.files.map(idOf)).toEqual(ids.slice(1, 2))
    await doBackfill(rest, ALL, null, dropped)
    await run()
    expect(lake.get(TABLE)?.at(-1)).toMatchObject({ batch, files: ids.slice(0, 2) })
  })

  it('no file of it is put aside, whatever the policy: the rest would be another batch', async () => {
    const { ports, run, rollBack, backfill } = await twoBatches('historical')
    const plain = tableConfig(TABLE)
    const merge = { ...plain.merge, mode: 'historical', on_bad_file: 'quarantine' } as const
    await ports.config.putTable({ ...plain, merge })
    await rollBack()
    await backfill()
    const [planned] = await plannedTables(ports, await run())
    expect(planned?.entry.merge.on_bad_file).toBe('hold')
  })

  it.each<[string, number, number, string | undefined]>([
    ['snapshots that could tell have expired', 0, 1, 'TG3355'],
    ['it is kept beside the lineage, and is younger than the end of what is left of that', 5, 1, undefined],
    ['it is kept, but could be hidden behind the end of the lineage', 1, 5, 'TG3355'],
  ])('goes by proof: %s', async (_, keptAt, endOfLineage, code) => {
    const { ports, lake, second } = await twoBatches('historical')
    const batch = ofBatch(lake).at(-1) ?? ''
    const others = keptAt === 0 ? [] : [{ id: 'kept', batch_id: batch, generation: 1, sequence_number: keptAt }]
    const lineage = [{ id: 'compaction', batch_id: null, generation: null, sequence_number: endOfLineage }]
    ports.histories.set(`raw.${TABLE}`, { lineage, complete: false, others })
    const looked = previewBackfill(TABLE, { fromS: second.put_at_s, toS: ALL.toS }, ports)
    if (code) await expect(looked).rejects.toMatchObject({ code })
    else expect((await looked).files.map(idOf)).toEqual([second.file_id])
  })

  it('a batch whose entry is gone is left out', async () => {
    const { ports, lake } = await twoBatches('historical')
    lake.clear()
    const dropped = { ...ports, histories: createMemoryTableHistories(), controlBucket: 'another' }
    await expect(previewBackfill(TABLE, ALL, dropped)).rejects.toThrow(
      /TG3352.*`3` are of batches whose files are not all known/,
    )
  })
})
