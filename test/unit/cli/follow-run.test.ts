import { describe, expect, it } from 'vitest'
import { followRun, type RunEvent } from '../../../cli/lib/follow-run.ts'
import { narrate, totalsOf } from '../../../cli/lib/run-story.ts'
import { controlLayout } from '../../../shared/contracts/control-layout.ts'
import type { Outcome } from '../../../shared/contracts/outcome.ts'

const rows = { read: 3, inserted: 1, updated: 1, deleted: 1, stale: 0, duplicate: 0 }
const outcome: Outcome = {
  contract: 'tidegate.outcome/1',
  run_id: 'x-1-0',
  table: 's_a',
  token: 7,
  batch_id: 'sha256:00',
  result: 'committed',
  lookup: 'absent',
  snapshot: '1',
  committed_at_ms: 1,
  rows,
  files: [],
  evidence: 's3://control/commits/s_a/sha256:00/7/',
  bad_files: [],
  error: null,
  seconds: { read: 0.5, merge: 1 },
}
const settledTable = { table: 's_a', status: 'completed', reason: null, rows, files: 2, error: null }

/** A control bucket that gains one document with each look at the execution. */
function growingBucket(steps: ReadonlyArray<readonly [string, unknown] | undefined>, status: string) {
  const documents = new Map<string, string>()
  const queue = steps.values()
  return {
    controlBucket: 'control',
    pause: async () => {},
    objects: { get: async (_: string, key: string) => documents.get(key) },
    executionEnd: async () => {
      const next = queue.next()
      if (next.done) return { status, error: null, cause: null }
      if (next.value) documents.set(next.value[0], JSON.stringify(next.value[1]))
      return undefined
    },
  }
}

const follow = async (ports: ReturnType<typeof growingBucket>): Promise<RunEvent[]> => {
  const events: RunEvent[] = []
  for await (const event of followRun('x', ports)) events.push(event)
  return events
}

describe('followRun', () => {
  it('tells each thing once, in order, and adds up', async () => {
    const claims = { run_id: 'x-1-0', claimed: [{ table: 's_a', token: 7 }], skipped: [], held: [], failed: [] }
    const settled = { batch: 1, run_id: 'x-1-0', engine_run_id: 'jr', tables: [settledTable] }
    const events = await follow(
      growingBucket(
        [
          [controlLayout.manifest('x'), [{ batch: 1, tables: ['s_a'] }]],
          [controlLayout.claims('x-1-0'), claims],
          [controlLayout.outcome('x-1-0', 's_a', 7), outcome],
          [controlLayout.settled('x', 1), settled],
        ],
        'SUCCEEDED',
      ),
    )
    expect(events.map((event) => event.kind)).toEqual(['batched', 'claimed', 'table', 'settled', 'ended'])
    expect(totalsOf(events)).toMatchObject({
      status: 'SUCCEEDED',
      batches: [1],
      completed: 1,
      failed: [],
      files: 2,
      rows,
    })
    expect(events.flatMap((event) => narrate(event, 0)).join('\n')).toContain(
      '1 inserted, 1 updated, 1 deleted in 1.5 s',
    )
  })

  it('names a table that failed, also when its batch was never settled', async () => {
    const failed = { ...settledTable, status: 'refresh_error', rows: null }
    const settled = { batch: 1, run_id: 'x-1-0', engine_run_id: null, tables: [failed] }
    const events = await follow(
      growingBucket(
        [
          [controlLayout.manifest('x'), [{ batch: 1, tables: ['s_a'] }]],
          [controlLayout.claims('x-1-0'), { run_id: 'x-1-0', claimed: [], skipped: [], held: [], failed: [] }],
          [controlLayout.settled('x', 1), settled],
        ],
        'FAILED',
      ),
    )
    expect(totalsOf(events)).toMatchObject({ status: 'FAILED', failed: ['s_a'] })
  })

  it('believes the summary about a batch that never settled', async () => {
    const table = { ...settledTable, table: 's_b', status: 'refresh_error', rows: null, batch: 1 }
    const zero = { read: 0, inserted: 0, updated: 0, deleted: 0, stale: 0, duplicate: 0 }
    const summary = {
      contract: 'tidegate.summary/1',
      execution_name: 'x',
      batches: 1,
      unsettled_batches: [1],
      rows: zero,
      files: 0,
      tables: [table],
    }
    const events = await follow(
      growingBucket(
        [
          [controlLayout.manifest('x'), [{ batch: 1, tables: ['s_b'] }]],
          [controlLayout.summary('x'), summary],
        ],
        'FAILED',
      ),
    )
    expect(totalsOf(events)).toMatchObject({ failed: ['s_b'] })
  })

  it('refuses a document of another version', async () => {
    const ports = growingBucket([[controlLayout.manifest('x'), [{ batch: 'one' }]]], 'SUCCEEDED')
    await expect(follow(ports)).rejects.toThrow(/TG2604.*runs\/x\/manifest.json/)
  })

  it('ends when there was nothing to do', async () => {
    const events = await follow(growingBucket([[controlLayout.manifest('x'), []]], 'SUCCEEDED'))
    expect(events.flatMap((event) => narrate(event, 0))).toEqual(['  no table has waiting files: nothing to do'])
  })
})
