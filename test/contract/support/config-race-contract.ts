/** What keeps `config apply` and a first claim from passing each other unseen: each write is conditional on what the other one writes. */
import { describe, expect, test } from 'vitest'
import type { ConfigStore } from '../../../shared/ports/config-store.ts'
import type { TableLedger } from '../../../shared/ports/table-ledger.ts'
import { claimed, newName, runOf, tableConfigOf } from './items.ts'

interface Stores {
  readonly config: ConfigStore
  readonly tables: TableLedger
}

export function configRaceContract(name: string, makePorts: () => Stores): void {
  describe(`configuration and claims: ${name}`, () => {
    async function configured() {
      const { config, tables } = makePorts()
      const table = newName()
      const first = tableConfigOf(newName(), table)
      await config.putTable(first)
      return { config, tables, table, first, second: { ...first, applied_at_ms: first.applied_at_ms + 1 } }
    }

    test('an item is written while the configuration is as it was read, with its history', async () => {
      const { tables, table, first } = await configured()
      expect(await tables.replace(claimed(table), undefined, undefined, first)).toEqual({ written: true })
      const next = claimed(table, { revision: 2, refresh_status: 'completed' })
      expect(await tables.replace(next, claimed(table), runOf(table, 'run-a', 5), first)).toEqual({ written: true })
      expect(await tables.runs(table, 9)).toHaveLength(1)
    })

    test('and not once it was applied anew, or removed', async () => {
      const { config, tables, table, first, second } = await configured()
      await config.putTable(second)
      const refused = { written: false, current: undefined }
      expect(await tables.replace(claimed(table), undefined, undefined, first)).toEqual(refused)
      await config.deleteTable(first.refresh_cadence, table)
      expect(await tables.replace(claimed(table), undefined, undefined, second)).toEqual(refused)
      expect(await tables.get(table)).toBeUndefined()
    })

    test('who lost against another claim gets its item, whatever is configured', async () => {
      const { tables, table, first, second } = await configured()
      await tables.replace(claimed(table), undefined)
      const rival = claimed(table, { claim_token: 9 })
      const lost = { written: false, current: claimed(table) }
      expect(await tables.replace(rival, undefined, undefined, first)).toEqual(lost)
      const next = claimed(table, { revision: 2 })
      expect(await tables.replace(next, claimed(table), undefined, second)).toEqual(lost)
    })

    test('a configuration is put as long as the item is as it was seen', async () => {
      const { config, tables, table, first, second } = await configured()
      const read = () => config.table(first.refresh_cadence, table)
      expect(await config.putTableAsSeen(second, undefined)).toBe(true)
      expect(await read()).toEqual(second)
      await tables.replace(claimed(table), undefined)
      expect(await config.putTableAsSeen(first, undefined)).toBe(false)
      expect(await config.putTableAsSeen(first, claimed(table, { revision: 2 }))).toBe(false)
      expect(await read()).toEqual(second)
      expect(await config.putTableAsSeen(first, claimed(table))).toBe(true)
      expect(await read()).toEqual(first)
    })

    test('and goes on the same condition', async () => {
      const { config, tables, table, first } = await configured()
      const read = () => config.table(first.refresh_cadence, table)
      await tables.replace(claimed(table), undefined)
      expect(await config.deleteTableAsSeen(first.refresh_cadence, table, undefined)).toBe(false)
      expect(await read()).toEqual(first)
      expect(await config.deleteTableAsSeen(first.refresh_cadence, table, claimed(table))).toBe(true)
      expect(await read()).toBeUndefined()
    })

    test('of a claim and a change at once, one is refused', async () => {
      for (let n = 0; n < 10; n += 1) {
        const { config, tables, table, first, second } = await configured()
        const [claim, change] = await Promise.all([
          tables.replace(claimed(table), undefined, undefined, first),
          config.putTableAsSeen(second, undefined),
        ])
        expect(claim.written).toBe(!change)
      }
    })
  })
}
