import { expect, it } from 'vitest'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { withQuarantined } from '../../../shared/status/quarantined.ts'
import { tableStatuses } from '../../../shared/status/table-status.ts'
import { cadenceConfig, claimed, landed, settled, sha, tableConfigOf } from '../../contract/support/items.ts'

/** One quarantined file each: of a table that is well, and of one that failed; and a table that never ran. */
async function ledger() {
  const ports = createMemoryPorts()
  await ports.config.putCadence(cadenceConfig('nightly'))
  for (const table of ['s_well', 's_failed', 's_new']) await ports.config.putTable(tableConfigOf('nightly', table))
  for (const [table, status] of [
    ['s_well', 'completed'],
    ['s_failed', 'refresh_error'],
  ] as const) {
    const file = landed(table, 1)
    await ports.files.land(file)
    await ports.tables.replace(claimed(table), undefined)
    const quarantine = {
      stage: 'read',
      reason: 'not_parquet',
      detail: 'no magic bytes',
      rows: [],
      error_code: 'TG2101',
      batch_id: `sha256:${sha(table)}`,
      discarded_at_ms: null,
    }
    const { batch_id: _, rows: __, generation: ___, ...bad } = settled(file)
    await ports.files.move({ table, token: 7 }, [
      { settled: { ...bad, file_ingestion_status: 'raw_file_quarantined', quarantine } },
    ])
    const seen = await ports.tables.get(table)
    await ports.tables.replace(claimed(table, { revision: 2, refresh_status: status, failed_attempts: 2 }), seen)
  }
  return ports
}

it('counts what waits for a decision, and makes it the next action where nothing else is', async () => {
  const ports = await ledger()
  const asked: string[] = []
  const files = {
    quarantined: (table: string, limit: number) => {
      asked.push(table)
      return ports.files.quarantined(table, limit)
    },
  }
  const rows = await withQuarantined(await tableStatuses(ports), files)
  expect(rows.map((row) => [row.table, row.quarantined_files, row.failed_attempts])).toEqual([
    ['s_failed', 1, 2],
    ['s_new', 0, null],
    ['s_well', 1, 2],
  ])
  // Its last run put the file aside.
  expect(rows[0]?.next_action).toContain('the next cadence applies the rest; decide')
  expect(rows[2]?.next_action).toContain('tidegate quarantine list s_well')
  // A table that never ran has none, and is not asked about.
  expect(asked.sort()).toEqual(['s_failed', 's_well'])
})

it('says to mend the error where a later run failed for something else', async () => {
  const ports = await ledger()
  const seen = await ports.tables.get('s_failed')
  if (!seen) throw new Error('it is there')
  await ports.tables.replace({ ...seen, revision: 3, glue_job_run_id: 'run-2-0' }, seen)
  const [failed] = await withQuarantined(await tableStatuses(ports), ports.files)
  expect(failed).toMatchObject({
    quarantined_files: 1,
    next_action: expect.stringContaining('mend what the error says'),
  })
})
