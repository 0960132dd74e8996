import { expect, it } from 'vitest'
import { landedFile } from '../../../shared/contracts/ledger.ts'
import { asLanded, waitsForBackfill } from '../../../shared/files/as-landed.ts'
import { landed, quarantined, settled } from '../../contract/support/items.ts'

const file = landed('hr_emp', 1, { version_id: 'v1' })
const applied = settled(file, { batch_id: 'sha256:b1' })

it('a settled file that waits again is the file that landed, without what settling added', () => {
  expect(landedFile.parse(asLanded(applied))).toEqual(file)
  expect(landedFile.parse(asLanded(quarantined(file)))).toEqual(file)
})

it('a backfilled one says when, and in historical mode whose batch it was', () => {
  expect(waitsForBackfill(applied, 'snapshot', 7)).toEqual({ ...file, backfilled_at_ms: 7 })
  expect(waitsForBackfill(applied, 'historical', 7)).toEqual({
    ...file,
    backfilled_at_ms: 7,
    original_batch_id: 'sha256:b1',
  })
})

it('one that no batch ever applied has no batch to go back to', () => {
  const { batch_id: _, ...without } = applied
  expect(waitsForBackfill(without, 'historical', 7)).toEqual({ ...file, backfilled_at_ms: 7 })
})

it('one that was backfilled before goes by the batch that applied it last', () => {
  const again = { ...applied, original_batch_id: 'sha256:b0', batch_id: 'sha256:b0' }
  expect(waitsForBackfill(again, 'historical', 9).original_batch_id).toBe('sha256:b0')
  expect(waitsForBackfill({ ...again, batch_id: 'sha256:b2' }, 'snapshot', 9)).not.toHaveProperty('original_batch_id')
})
