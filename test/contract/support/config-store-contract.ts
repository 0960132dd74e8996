/** What every configuration store must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { ConfigStore } from '../../../shared/ports/config-store.ts'
import { cadenceConfig, newName, tableConfigOf } from './items.ts'

export function configStoreContract(name: string, makeStore: () => ConfigStore): void {
  describe(`configuration store: ${name}`, () => {
    test('a cadence comes back as it was put, is replaced by the next put, and goes', async () => {
      const store = makeStore()
      const cadence = newName()
      expect(await store.cadence(cadence)).toBeUndefined()
      await store.putCadence(cadenceConfig(cadence))
      expect(await store.cadence(cadence)).toEqual(cadenceConfig(cadence))
      const changed = cadenceConfig(cadence, { refresh_tables_batch_size: 20, engine: 'emr-serverless' })
      await store.putCadence(changed)
      expect((await store.cadences()).filter((one) => one.refresh_cadence === cadence)).toEqual([changed])
      await store.deleteCadence(cadence)
      await store.deleteCadence(cadence)
      expect(await store.cadence(cadence)).toBeUndefined()
    })

    test('cadences come by name', async () => {
      const store = makeStore()
      const names = Array.from({ length: 8 }, newName)
      await Promise.all(names.map((cadence) => store.putCadence(cadenceConfig(cadence))))
      const found = (await store.cadences()).map((one) => one.refresh_cadence)
      expect(found.filter((cadence) => names.includes(cadence))).toEqual(names.toSorted())
    })

    test('a table comes back as it was put, under its cadence only', async () => {
      const store = makeStore()
      const [cadence, other, table] = [newName(), newName(), newName()]
      const config = tableConfigOf(cadence, table)
      await store.putTable(config)
      expect(await store.table(cadence, table)).toEqual(config)
      expect(await store.table(other, table)).toBeUndefined()
      await store.deleteTable(other, table)
      expect(await store.table(cadence, table)).toEqual(config)
      await store.deleteTable(cadence, table)
      expect(await store.table(cadence, table)).toBeUndefined()
    })

    test('tables of a cadence come by name, inactive ones included, more than a page of them', async () => {
      const store = makeStore()
      const [cadence, other] = [newName(), newName()]
      const configs = Array.from({ length: 60 }, (_, n) =>
        tableConfigOf(cadence, `hr_${String(n).padStart(3, '0')}`, {
          is_active: n % 2 === 0 ? 'Y' : 'N',
          merge: { ...tableConfigOf(cadence, 'x').merge, drop_columns: ['c'.repeat(25_000)] },
        }),
      )
      await store.putTable(tableConfigOf(other, 'hr_000'))
      await Promise.all(configs.toReversed().map((config) => store.putTable(config)))
      expect(await store.tables(cadence)).toEqual(configs)
      expect(await store.tables(newName())).toEqual([])
    })
  })
}
