import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { highest } from '../../../shared/settling/sequences.ts'
import { evidenceFolder, publishTombstones, tombstoneName } from '../../../shared/settling/tombstone-log.ts'

const utf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const wellFormed = fc.string({ unit: 'binary' })

describe('names in the tombstone log', () => {
  test('are what the job writes', () => {
    expect(tombstoneName('20231118', 'sha256:ab', 3)).toBe('3230323331313138-sha256:ab-3')
    expect(tombstoneName('', 'sha256:ab', 0)).toBe('-sha256:ab-0')
    expect(tombstoneName('é', 'sha256:ab', 0)).toBe('c3a9-sha256:ab-0')
  })

  test('[no-revival] a listing that starts after the hex of a sequence sees every part at or above it, and none below', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (mark, sequence) => {
        const startAfter = Buffer.from(mark).toString('hex')
        const seen = utf8(tombstoneName(sequence, 'sha256:ab', 0), startAfter) > 0
        expect(seen).toBe(utf8(sequence, mark) >= 0)
      }),
    )
  })
})

test('the highest sequence is null only where there is none', () => {
  fc.assert(
    fc.property(fc.array(fc.option(wellFormed)), (sequences) => {
      const present = sequences.filter((one) => one !== null)
      expect(highest(sequences)).toBe(present.length === 0 ? null : present.toSorted(utf8).at(-1))
    }),
  )
})

test.each([
  's3://other/commits/t/sha256:b/1/',
  's3://control/commits/t2/sha256:b/1/',
  's3://control/commits/t/sha256:b/',
  's3://control/commits/t/sha256:b/1/../../',
  's3://control/commits/t/sha256:b/1',
])('evidence at %s is refused', (evidence) => {
  const batch = { table: 't', batch_id: 'sha256:b', generation: 1, evidence }
  expect(() => evidenceFolder(batch, 'control')).toThrow(/TG2311/)
})

describe('publishing the deletes of a commit', () => {
  const folder = 'commits/t_a/sha256:b/1/'
  const batch = { table: 't_a', batch_id: 'sha256:b', generation: 1, evidence: `s3://control/${folder}` }
  const index = {
    contract: 'tidegate.deletes/1',
    run_id: 'r-1-0',
    table: 't_a',
    batch_id: 'sha256:b',
    token: 1,
    generation: 1,
    parts: [
      { part: 0, key: `${folder}deletes-00000.jsonl.gz`, max_sequence: '1' },
      { part: 1, key: `${folder}deletes-00001.jsonl.gz`, max_sequence: '' },
    ],
  }
  async function publish(document: object | undefined) {
    const { objects } = createMemoryPorts()
    for (const { key } of index.parts) await objects.put('control', key, `deletes of ${key}`)
    await objects.put('control', 'elsewhere/secret', 'x')
    if (document) await objects.put('control', `${folder}deletes.json`, JSON.stringify(document))
    await publishTombstones(batch, 'control', objects)
    const log: Record<string, string | undefined> = {}
    for await (const key of objects.list('control', 'tombstones/')) log[key] = await objects.get('control', key)
    return log
  }

  test('copies every part as it is, under a name of its highest sequence', async () => {
    expect(await publish(index)).toEqual({
      'tombstones/t_a/1/-sha256:b-1': `deletes of ${folder}deletes-00001.jsonl.gz`,
      'tombstones/t_a/1/31-sha256:b-0': `deletes of ${folder}deletes-00000.jsonl.gz`,
    })
    expect(await publish({ ...index, parts: [] })).toEqual({})
  })

  test('is refused where the evidence is not there', async () => {
    await expect(publish(undefined)).rejects.toThrow(/^TG2311: .*it has no `deletes\.json`/)
  })

  test.each([{ table: 't_b' }, { batch_id: 'sha256:c' }, { generation: 2 }])(
    'is refused where its index is of another batch: %j',
    async (other) => {
      await expect(publish({ ...index, ...other })).rejects.toThrow(
        /^TG2311: .*its `deletes\.json` is of another batch/,
      )
    },
  )

  test('is refused where a part lies elsewhere: nothing else may be copied', async () => {
    const parts = [{ part: 0, key: 'elsewhere/secret', max_sequence: '1' }]
    await expect(publish({ ...index, parts })).rejects.toThrow(/^TG2311: .*its part `elsewhere\/secret` lies elsewhere/)
  })
})
