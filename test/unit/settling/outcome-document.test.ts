/** What the job left for a table: used only where it answers this very plan, and accounts for every file of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Outcome, outcome } from '../../../shared/contracts/outcome.ts'
import { type PlannedTable, plan } from '../../../shared/contracts/plan.ts'
import { readOutcome } from '../../../shared/settling/outcome-document.ts'
import { countsOf } from '../../../shared/settling/row-counts.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/contracts.example.json'), 'utf8'))
const { run_id: RUN, tables } = plan.parse(golden.plan)
const [first] = tables
if (!first) throw new Error('the golden plan has no table')
const FILES = [
  ...first.entry.files,
  { ...first.entry.files[0], file_id: '000000000009-b' },
] as PlannedTable['entry']['files']
const planned: PlannedTable = { ...first, entry: { ...first.entry, files: FILES } }
const applied = (fileId: string) => ({ file_id: fileId, rows: 1, min_sequence: null, max_sequence: null, deletes: 0 })
const committed: Outcome = {
  ...outcome.parse(golden.outcomes.committed),
  run_id: RUN,
  table: planned.table,
  token: planned.token,
  batch_id: planned.entry.batch_id,
  files: FILES.map((file) => applied(file.file_id)),
}
const read = (left: unknown) =>
  readOutcome(planned, RUN, 'control', { get: async () => (left === undefined ? undefined : JSON.stringify(left)) })

describe('an outcome', () => {
  it('that answers the plan is used as it is', async () => {
    expect(await read(committed)).toEqual(committed)
    expect(await read(undefined)).toBe('absent')
  })

  it.each<[string, Partial<Outcome>]>([
    ['another run', { run_id: 'other-1-0' }],
    ['another table', { table: 'shop_other' }],
    ['another token', { token: planned.token + 1 }],
    ['another batch', { batch_id: 'sha256:other' }],
    ['a file too few', { files: committed.files.slice(1) }],
    ['a file too many', { files: [...committed.files, applied('000000000010-c')] }],
    ['another file in the place of one', { files: [...committed.files.slice(1), applied('000000000010-c')] }],
    ['one file twice', { files: [...committed.files.slice(1), ...committed.files.slice(1)] }],
    ['no evidence', { evidence: null }],
  ])('with %s is unusable', async (_, change) => {
    expect(await read({ ...committed, ...change })).toBe('unusable')
    expect(await read({ ...committed, result: 'already_committed', ...change })).toBe('unusable')
  })

  it('of nothing applied need not account for files', async () => {
    const rejected = { ...committed, result: 'rejected', files: [], evidence: null }
    expect(await read(rejected)).toEqual(rejected)
  })
})

describe('the counts of an applied batch', () => {
  const rows = { read: 3, inserted: 1, updated: 1, deleted: 1, stale: 0, duplicate: 0 }
  const counted = { ...rows, read: 9, stale: 6 }
  const evidence = `s3://control/commits/${planned.table}/${planned.entry.batch_id}/${planned.token}/`
  const of = (more: Partial<Outcome>, body?: string) => {
    const asked: string[] = []
    const get = async (bucket: string, key: string) => {
      asked.push(`${bucket}/${key}`)
      return body
    }
    const counts = countsOf(planned, { ...committed, ...more }, { objects: { get }, controlBucket: 'control' })
    return counts.then((found) => ({ found, asked }))
  }

  it('are those of the outcome, and nothing is read for them', async () => {
    expect(await of({ rows, evidence })).toEqual({ found: rows, asked: [] })
    expect(await of({ rows: null, evidence: null })).toEqual({ found: null, asked: [] })
  })

  it('are those of the evidence where an earlier attempt had committed it', async () => {
    const document = { contract: 'tidegate.evidence/1', rows: counted, files: [] }
    const { found, asked } = await of({ rows: null, evidence }, JSON.stringify(document))
    expect(found).toEqual(counted)
    expect(asked).toEqual([`${evidence.slice('s3://'.length)}files.json`])
  })

  it.each([undefined, '{', '{}', JSON.stringify({ contract: 'tidegate.evidence/1', rows: { read: 1 } })])(
    'are none where the evidence is %j',
    async (body) => expect((await of({ rows: null, evidence }, body)).found).toBeNull(),
  )
})
