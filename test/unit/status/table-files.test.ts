import { expect, it } from 'vitest'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { tableFiles } from '../../../shared/status/table-files.ts'
import { claimed, landed, markerOf, settled } from '../../contract/support/items.ts'

/** Files 0 and 1 are settled (1 was overwritten), 2 and 3 wait. */
async function ledger() {
  const { files, tables } = createMemoryPorts()
  const all = [0, 1, 2, 3].map((n) => landed('hr_a', n, n === 0 ? { dms_file_type: 'Full' } : {}))
  for (const file of all) await files.land(file)
  await tables.replace(claimed('hr_a'), undefined)
  const [full, overwritten] = all
  if (!full || !overwritten) throw new Error('four files')
  const { batch_id: _, glue_job_run_id: __, rows: ___, ...unapplied } = settled(overwritten)
  const superseded = {
    ...unapplied,
    file_ingestion_status: 'raw_file_superseded' as const,
    reason: 'overwritten',
    max_sequence: null,
  }
  await files.move({ table: 'hr_a', token: 7 }, [
    { settled: settled(full, { min_sequence: '08', max_sequence: '09' }), marker: markerOf(full) },
    { settled: superseded },
  ])
  return files
}

it('shows waiting files oldest first and settled ones latest first, each with what became of it', async () => {
  const found = await tableFiles('hr_a', 10, await ledger())
  expect(found.more).toEqual({ waiting: false, settled: false })
  expect(found.waiting.map((file) => [file.uri, file.kind, file.put_ms, file.status, file.run_id])).toEqual([
    ['s3://staging/staging/hr/hr_a/file-2.parquet', 'change', 1_700_000_002_000, 'raw_file_landed', null],
    ['s3://staging/staging/hr/hr_a/file-3.parquet', 'change', 1_700_000_003_000, 'raw_file_landed', null],
  ])
  const [superseded, applied] = found.settled
  expect(superseded).toMatchObject({
    status: 'raw_file_superseded',
    reason: 'overwritten',
    batch_id: null,
    run_id: null,
    rows: null,
    max_sequence: null,
  })
  expect(applied).toMatchObject({
    kind: 'full load',
    status: 'raw_file_processed',
    reason: null,
    run_id: 'run-1-0',
    rows: 10,
    min_sequence: '08',
    max_sequence: '09',
    settled_ms: 1_700_001_000_000,
  })
})

it('says of which there are more than it shows', async () => {
  const files = await ledger()
  await files.land(landed('hr_a', 4))
  const found = await tableFiles('hr_a', 2, files)
  expect(found.more).toEqual({ waiting: true, settled: false })
  expect(found.waiting).toHaveLength(2)
})

it('knows no files of a table that nobody knows', async () => {
  expect(await tableFiles('nobody', 5, await ledger())).toMatchObject({ waiting: [], settled: [] })
})
