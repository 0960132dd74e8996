/** What every reader of deployed schedules must do, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { Schedules } from '../../../shared/ports/schedules.ts'

export function schedulesContract(name: string, deploy: (cadences: readonly string[]) => Promise<Schedules>): void {
  describe(`schedules: ${name}`, () => {
    test('exactly the cadences that are deployed are told', async () => {
      const cadences = Array.from({ length: 90 }, (_, n) => `every_${n}-minutes`)
      expect((await (await deploy(cadences)).deployed()).toSorted()).toEqual(cadences.toSorted())
    })

    test('nothing deployed is nothing, not an error', async () => {
      expect(await (await deploy([])).deployed()).toEqual([])
    })
  })
}
