import { describe, expect, it } from 'vitest'
import type { TableConfig } from '../../../shared/contracts/config.ts'
import type { SettledFile } from '../../../shared/contracts/ledger.ts'
import { createMemoryTableHistories } from '../../../shared/memory/table-histories.ts'
import { doRebuild, previewRebuild } from '../../../shared/operate/rebuild.ts'
import {
  claim,
  createWorld,
  item,
  type Lake,
  outcomeOf,
  plannedTables,
  putFile,
  putOutcome,
  runJob,
  STAGING,
  settle,
  tableConfig,
} from '../claims/world.ts'

const TABLE = 'shop_orders'
const idOf = (file: SettledFile): string => file.file_id

type Change = Partial<Omit<TableConfig, 'merge' | 'target'>> & {
  readonly merge?: Partial<TableConfig['merge']>
  readonly target?: Partial<TableConfig['target']>
}

/** The table's configuration with these changes. */
const configWith = ({ merge, target, ...more }: Change): TableConfig => {
  const plain = tableConfig(TABLE)
  return { ...plain, ...more, merge: { ...plain.merge, ...merge }, target: { ...plain.target, ...target } }
}

const OTHER_KEYS = configWith({ merge: { keys: ['id', 'line'] } })

/** Two settled batches: a full load and a change file, then another change file. */
async function world(stored: TableConfig = tableConfig(TABLE)) {
  let ids = 0
  const base = await createWorld([TABLE])
  await base.config.putTable(stored)
  const histories = createMemoryTableHistories()
  const ports = { ...base, histories, newId: () => String(++ids), who: 'ada@laptop' }
  const lake: Lake = new Map()
  let runs = 0
  const run = async () => {
    const claimed = await claim(ports, `run-${++runs}`)
    await runJob(ports, lake, claimed)
    await settle(ports, `run-${runs}`, claimed)
    const lineage = (lake.get(TABLE) ?? []).map((one, at) => ({
      id: one.snapshot,
      batch_id: one.batch,
      generation: 1,
      sequence_number: at,
    }))
    histories.set(`raw.${TABLE}`, { lineage: lineage.toReversed(), complete: true, others: [] })
    return claimed
  }
  const full = await putFile(ports, TABLE, 'LOAD00000001.parquet', 'full')
  const first = await putFile(ports, TABLE, '20231118-101012345.parquet', 'D001')
  await run()
  const second = await putFile(ports, TABLE, '20231118-102012345.parquet', '0002')
  await run()
  const rebuild = async (wanted: TableConfig = OTHER_KEYS) => {
    const preview = await previewRebuild(wanted, ports)
    await doRebuild(preview, 'its key was wrong', ports)
    return preview
  }
  return { ports, lake, run, rebuild, full, first, second, ids: [full, first, second].map((file) => file.file_id) }
}

describe('[rebuild]', () => {
  it('[generations] freezes one entry with all files of the generation, which replaces the table by the new settings', async () => {
    const { ports, lake, run, rebuild, ids } = await world()
    const before = await item(ports)
    const { changes } = await rebuild()
    expect(changes).toEqual([{ field: 'merge.keys', before: ['id'], after: ['id', 'line'] }])
    expect(await item(ports)).toMatchObject({ refresh_status: 'completed', attempts: 0, generation: 1 })
    const [planned] = await plannedTables(ports, await run())
    expect(planned).toMatchObject({ attempt: 1, resolve_only: false })
    expect(planned?.entry).toMatchObject({
      generation: { id: 2, replaces: true },
      applied: {
        max_sequence: null,
        snapshot: before.last_snapshot,
        tombstones: `s3://control/tombstones/${TABLE}/2/`,
      },
      merge: { keys: ['id', 'line'] },
    })
    expect(lake.get(TABLE)?.at(-1)?.files).toEqual(ids)
    expect(await item(ports)).toMatchObject({
      refresh_status: 'completed',
      generation: 2,
      batch_id: null,
      applied_max_sequence: 'D001',
      rebuilt: { times: 1 },
    })
    expect(await ports.audit.recent(9)).toMatchObject([
      {
        verb: 'rebuild',
        target: TABLE,
        reason: 'its key was wrong',
        result: 'done',
        details: { files: 3, generation: 2 },
      },
    ])
  })

  it('no claim takes the table by its old settings any more, and the new ones may then be applied', async () => {
    const { ports, run, rebuild } = await world()
    await rebuild()
    await run()
    const late = await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    await run()
    expect(await ports.files.hasWaiting(TABLE)).toBe(true)
    expect((await item(ports)).refresh_status).toBe('completed')
    await ports.config.putTable(OTHER_KEYS)
    const [planned] = await plannedTables(ports, await run())
    expect(planned?.entry).toMatchObject({ generation: { id: 2, replaces: false }, merge: { keys: ['id', 'line'] } })
    expect(planned?.entry.files.map((file) => file.file_id)).toEqual([late.file_id])
  })

  it('[generations] a full-load key that is put again still begins a reload, however often the table was rebuilt', async () => {
    const { ports, run, rebuild } = await world()
    for (const keys of [['id', 'line'], ['id']]) {
      const wanted = configWith({ merge: { keys } })
      await rebuild(wanted)
      await run()
      await ports.config.putTable(wanted)
    }
    expect(await item(ports)).toMatchObject({ generation: 3, rebuilt: { times: 2 } })
    await putFile(ports, TABLE, 'LOAD00000001.parquet', 'again')
    const claimed = await run()
    expect(await plannedTables(ports, claimed)).toEqual([])
    expect(await ports.files.hasWaiting(TABLE)).toBe(true)
  })

  it('one that the job rejects changes nothing: the table goes on as it was', async () => {
    const { ports, rebuild, run } = await world()
    await rebuild()
    const claimed = await claim(ports, 'run-9')
    const [planned] = await plannedTables(ports, claimed)
    if (!planned) throw new Error('it is planned')
    const error = { code: 'TG2412', message: 'a column is missing', transient: false, details: null }
    const nothing = { result: 'rejected', snapshot: null, rows: null, evidence: null, error } as const
    await putOutcome(ports, await outcomeOf(ports, claimed, planned, { ...nothing, files: [] }), {
      ...planned,
      run_id: claimed.run_id,
    })
    await settle(ports, 'run-9', claimed)
    expect(await item(ports)).toMatchObject({
      refresh_status: 'refresh_error',
      generation: 1,
      batch_id: null,
      rebuilt: null,
    })
    await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    const [next] = await plannedTables(ports, await run())
    expect(next?.entry).toMatchObject({ generation: { id: 1, replaces: false }, merge: { keys: ['id'] } })
  })

  it('into another target nothing is settled yet, and the old one stays as it is', async () => {
    const { rebuild } = await world()
    const { entry } = await rebuild(configWith({ target: { table: 'orders_2' } }))
    expect(entry.applied.snapshot).toBeNull()
    expect(entry.target.table).toBe('orders_2')
  })

  it('a history that stays one has the versions of its earlier generations too; any other has the present one', async () => {
    const historical = configWith({ merge: { mode: 'historical' } })
    const { ports, second, ids } = await world(historical)
    const seen = await item(ports)
    const reloaded = { generation: 2, generation_from_s: second.put_at_s }
    await ports.tables.replace({ ...seen, ...reloaded, revision: seen.revision + 1 }, seen)
    const filesFor = async (wanted: TableConfig) => (await previewRebuild(wanted, ports)).files.map(idOf)
    expect(await filesFor(configWith({ merge: { mode: 'historical', keys: ['line'] } }))).toEqual(ids)
    expect(await filesFor(tableConfig(TABLE))).toEqual([second.file_id])
  })
})

describe('[rebuild] what it refuses', () => {
  const refused = async (prepared: Awaited<ReturnType<typeof world>>, code: string, wanted = OTHER_KEYS) =>
    expect(previewRebuild(wanted, prepared.ports)).rejects.toMatchObject({ code })

  it('a table that a run has, or whose last batch is open', async () => {
    const prepared = await world()
    await prepared.rebuild()
    await refused(prepared, 'TG3350')
    await claim(prepared.ports, 'run-9')
    await refused(prepared, 'TG3350')
  })

  it('a table without data', async () => {
    const prepared = await world()
    const seen = await item(prepared.ports)
    await prepared.ports.tables.replace({ ...seen, revision: seen.revision + 1, last_snapshot: null }, seen)
    await refused(prepared, 'TG3370')
  })

  it('objects that are gone, of which it names the first', async () => {
    const { ports, rebuild, first } = await world()
    await ports.objects.put(STAGING, first.file_ingestion_path, 'other bytes')
    expect((await previewRebuild(OTHER_KEYS, ports)).gone.map(idOf)).toEqual([first.file_id])
    await expect(rebuild()).rejects.toThrow(/TG3353.*`1` of `3`.*20231118-101012345/)
    expect((await item(ports)).batch_id).toBeNull()
  })

  it('a table of which files are forgotten by now', async () => {
    const prepared = await world()
    prepared.ports.clock.advance(prepared.ports.historyTtlMs + 60_000)
    await refused(prepared, 'TG3371')
    const seen = await item(prepared.ports)
    const reloaded = {
      ...seen,
      revision: seen.revision + 1,
      generation_from_s: Math.floor(prepared.ports.clock.now() / 1000),
    }
    await prepared.ports.tables.replace(reloaded, seen)
    await expect(previewRebuild(OTHER_KEYS, prepared.ports)).rejects.toThrow('no applied file')
  })

  it('while backfilled files are on their way', async () => {
    const prepared = await world()
    await putFile(prepared.ports, TABLE, '20231118-103012345.parquet', '0003', { backfilled_at_ms: 1 })
    await refused(prepared, 'TG3371')
  })

  it('a table that was adopted: it has rows that no file has', async () => {
    const prepared = await world()
    const lineage = [{ id: 'theirs', batch_id: null, generation: null, sequence_number: 1 }]
    prepared.ports.histories.set(`raw.${TABLE}`, { lineage, complete: true, others: [] })
    await refused(prepared, 'TG3371')
    await refused(await world(configWith({ target: { adopt: true } })), 'TG3371')
  })

  it("a target that is another table's", async () => {
    const prepared = await world()
    const other = { ...tableConfig('shop_lines'), target: { ...tableConfig(TABLE).target, table: 'lines' } }
    await prepared.ports.config.putTable(other)
    const seen = await item(prepared.ports)
    await prepared.ports.tables.replace({ ...seen, raw_table_name: 'shop_lines', revision: 1 }, undefined)
    await refused(prepared, 'TG1223', configWith({ target: { table: 'lines' } }))
  })

  it('when the table was claimed since the preview', async () => {
    const { ports } = await world()
    const preview = await previewRebuild(OTHER_KEYS, ports)
    await putFile(ports, TABLE, '20231118-103012345.parquet', '0003')
    await claim(ports, 'run-9')
    await expect(doRebuild(preview, null, ports)).rejects.toMatchObject({ code: 'TG3302' })
  })
})
