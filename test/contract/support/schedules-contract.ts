/** What every holder of the cadences' schedules must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { Schedules } from '../../../shared/ports/schedules.ts'

export function schedulesContract(name: string, deploy: (cadences: readonly string[]) => Promise<Schedules>): void {
  describe(`schedules: ${name}`, () => {
    test('exactly the cadences that are deployed are told', async () => {
      const cadences = Array.from({ length: 90 }, (_, n) => `every_${n}-minutes`)
      expect((await (await deploy(cadences)).deployed()).toSorted()).toEqual(cadences.toSorted())
    })

    test('nothing deployed is nothing, not an error', async () => {
      const none = await deploy([])
      expect(await none.deployed()).toEqual([])
      expect(await none.states()).toEqual(new Map())
    })

    test('a cadence is paused and let go on, alone; saying it twice is saying it once', async () => {
      const schedules = await deploy(['hourly', 'nightly'])
      const states = async () => Object.fromEntries(await schedules.states())
      expect(await states()).toEqual({ hourly: 'enabled', nightly: 'enabled' })
      for (let time = 0; time < 2; time++) {
        await schedules.setEnabled('nightly', false)
        expect(await states()).toEqual({ hourly: 'enabled', nightly: 'paused' })
      }
      expect((await schedules.deployed()).toSorted()).toEqual(['hourly', 'nightly'])
      await schedules.setEnabled('nightly', true)
      expect(await states()).toEqual({ hourly: 'enabled', nightly: 'enabled' })
    })

    test('a cadence without a schedule is refused by its name', async () => {
      const pausing = (await deploy(['hourly'])).setEnabled('beside', false)
      await expect(pausing).rejects.toMatchObject({ code: 'TG1510' })
      await expect(pausing).rejects.toThrow('`beside`')
    })
  })
}
