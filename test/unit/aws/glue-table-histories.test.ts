import { describe, expect, test } from 'vitest'
import { createGlueClient } from '../../../shared/aws/clients.ts'
import { createGlueTableHistories } from '../../../shared/aws/glue-table-histories.ts'
import { type Answer, failure, startStub } from './stub-service.ts'

const TARGET = { format: 'iceberg', database: 'hr_raw', table: 'salaries' } as const
const LOCATION = 's3://raw/hr_raw/salaries/metadata/00007-a.metadata.json'
const inCatalogue: Answer = { body: { Table: { Name: 'salaries', Parameters: { metadata_location: LOCATION } } } }

/** What the adapter tells of a table whose metadata is `body`. */
async function historyWhen(answer: Answer, body?: string) {
  await using stub = await startStub(() => answer)
  const objects = {
    get: async (bucket: string, key: string) => (`s3://${bucket}/${key}` === LOCATION ? body : undefined),
  }
  const history = await createGlueTableHistories(createGlueClient(stub.overrides), objects).of(TARGET)
  expect(stub.requests[0]?.json()).toEqual({ DatabaseName: 'hr_raw', Name: 'salaries' })
  return history
}

/** As Iceberg writes it: ids are numbers of 64 bits. */
const snapshotText = (id: string, parent: string | null, sequence: number, batch?: string): string =>
  `{"snapshot-id":${id},${parent === null ? '' : `"parent-snapshot-id":${parent},`}"sequence-number":${sequence},"timestamp-ms":1,"manifest-list":"s3://raw/x","summary":{"operation":"append"${batch ? `,"tidegate.batch-id":"${batch}","tidegate.generation":"2"` : ''}}}`

const metadataText = (current: string, snapshots: readonly string[]): string =>
  `{"format-version":2,"current-snapshot-id":${current},"snapshots":[${snapshots.join(',')}],"refs":{}}`

const [FIRST, SECOND, LOST] = ['4611686018427387905', '4611686018427387907', '4611686018427387909'] as const

describe('the history of an Iceberg table', () => {
  test('goes back from the current snapshot to the first; what was rolled back is beside it; ids stay whole', async () => {
    const snapshots = [
      snapshotText(FIRST, null, 1, 'sha256:a'),
      snapshotText(SECOND, FIRST, 2),
      snapshotText(LOST, SECOND, 3, 'sha256:b'),
    ]
    expect(await historyWhen(inCatalogue, metadataText(SECOND, snapshots))).toEqual({
      lineage: [
        { id: SECOND, batch_id: null, generation: null, sequence_number: 2 },
        { id: FIRST, batch_id: 'sha256:a', generation: 2, sequence_number: 1 },
      ],
      complete: true,
      others: [{ id: LOST, batch_id: 'sha256:b', generation: 2, sequence_number: 3 }],
    })
  })

  test('is cut off where snapshots have expired', async () => {
    const history = await historyWhen(inCatalogue, metadataText(SECOND, [snapshotText(SECOND, FIRST, 2)]))
    expect(history).toMatchObject({ lineage: [{ id: SECOND }], complete: false, others: [] })
  })

  test.each(['-1', 'null'])('is empty for a table without a snapshot (%s)', async (none) => {
    expect(await historyWhen(inCatalogue, metadataText(none, []))).toEqual({ lineage: [], complete: true, others: [] })
  })

  test('is undefined without such a table', async () => {
    expect(await historyWhen(failure('EntityNotFoundException'))).toBeUndefined()
  })

  test('is not to be had of a Hudi table, and the catalogue is not asked', async () => {
    await using stub = await startStub(() => inCatalogue)
    const port = createGlueTableHistories(createGlueClient(stub.overrides), { get: async () => undefined })
    await expect(port.of({ ...TARGET, format: 'hudi' })).rejects.toThrow(/^TG5113: `hr_raw.salaries` .*tidegate reload/)
    expect(stub.requests).toEqual([])
  })

  test.each<[string, Answer, string | undefined, string]>([
    ['it is no Iceberg table', { body: { Table: { Name: 'salaries' } } }, undefined, 'TG5112'],
    ['its metadata is gone', inCatalogue, undefined, 'TG5112'],
    ['its metadata is compressed', inCatalogue, '\u001f\u008b\b', 'TG5112'],
    ['its metadata is something else', inCatalogue, '{"snapshots":[{"snapshot-id":[]}]}', 'TG5112'],
    ['nobody may read it', failure('AccessDeniedException'), undefined, 'TG5110'],
    ['the service does not answer', 'lost', undefined, 'TG5111'],
  ])('is an error when %s', async (_, answer, body, code) => {
    await expect(historyWhen(answer, body)).rejects.toMatchObject({ name: 'EngineError', code })
  })
})
