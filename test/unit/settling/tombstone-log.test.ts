import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { highest } from '../../../shared/settling/sequences.ts'
import { evidenceFolder, tombstoneName } from '../../../shared/settling/tombstone-log.ts'

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
