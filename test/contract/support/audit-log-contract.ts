/** What every audit log must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { AuditItem } from '../../../shared/contracts/audit.ts'
import type { AuditLog } from '../../../shared/ports/audit-log.ts'

/** The log must be empty. */
export function auditLogContract(name: string, makeLog: () => AuditLog): void {
  describe(`audit log: ${name}`, () => {
    test('items come newest first, and the one put again is the later one', async () => {
      const log = makeLog()
      expect(await log.recent(5)).toEqual([])
      const items = [3, 1, 2].map((second) => itemAt(second))
      for (const item of items) await log.put(item)
      const done = { ...itemAt(2), result: 'done' as const, details: { files: 3, tables: ['a_b'], none: null } }
      await log.put(done)
      expect(await log.recent(5)).toEqual([itemAt(3), done, itemAt(1)])
      expect(await log.recent(1)).toEqual([itemAt(3)])
    })

    test('an item that breaks its contract is not written', async () => {
      const log = makeLog()
      const before = await log.recent(100)
      await expect(log.put({ ...itemAt(9), id: 'no time' })).rejects.toThrow('id')
      expect(await log.recent(100)).toEqual(before)
    })
  })
}

const itemAt = (second: number): AuditItem => ({
  id: `2026-01-02T03:04:0${second}.000Z-a`,
  at_ms: Date.parse(`2026-01-02T03:04:0${second}.000Z`),
  who: 'ada@laptop',
  verb: 'dlq replay',
  target: 'all',
  reason: second === 1 ? null : 'the role was corrected',
  dry_run: false,
  result: 'begun',
  details: {},
})
