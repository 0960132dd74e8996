/** [generations] Full loads and reloads, from the put of their files to the ledger: the golden cases, whatever comes when. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LandedFile } from '../../../shared/contracts/ledger.ts'
import { aTable, nameOf, QUIET_MS, type Row } from './reload-world.ts'

interface Step {
  readonly full?: readonly string[]
  readonly rows?: readonly Row[]
  readonly changes?: readonly Row[]
  readonly changesNamed?: string
  readonly changesSameSecond?: readonly Row[]
  readonly changesLandedBeforeNextFull?: readonly Row[]
}

interface Golden {
  readonly name: string
  readonly steps: readonly Step[]
  readonly snapshot: readonly Row[]
  readonly superseded?: number
  readonly historicalVersions: number
}

const fixture = new URL('../../fixtures/folding.json', import.meta.url)
const cases = (JSON.parse(readFileSync(fixture, 'utf8')) as { generations: Golden[] }).generations

type Table = Awaited<ReturnType<typeof aTable>>

/** The puts of a step, in their order. */
async function put(table: Table, step: Step, at: number): Promise<void> {
  const { full = [], rows = [] } = step
  if (step.changesLandedBeforeNextFull) await table.put(`a-${at}.parquet`, step.changesLandedBeforeNextFull)
  for (const [index, name] of full.entries()) {
    const own = rows.filter((_, row) => row % full.length === index)
    await table.put(`${name}.parquet`, own, { dms_file_type: 'Full' })
  }
  if (step.changesSameSecond) await table.put(`b-${at}.parquet`, step.changesSameSecond, {}, -1000)
  if (step.changes) await table.put(`${step.changesNamed ?? `c-${at}`}.parquet`, step.changes)
}

describe.each(cases)('$name', ({ steps, snapshot, superseded = 0, historicalVersions }) => {
  const sorted = [...snapshot].sort((a, b) => a.id - b.id)

  test('one batch a step: the snapshot, and what is superseded', async () => {
    const table = await aTable('snapshot')
    for (const [at, step] of steps.entries()) {
      await put(table, step, at)
      table.world.clock.advance(QUIET_MS)
      await table.tick()
    }
    expect(table.rows()).toEqual(sorted)
    expect((await table.settled()).filter((one) => one.file_ingestion_status === 'raw_file_superseded')).toHaveLength(
      superseded,
    )
    expect(await table.waiting()).toEqual([])
  })

  test('historical: the versions', async () => {
    const table = await aTable('historical')
    for (const [at, step] of steps.entries()) {
      await put(table, step, at)
      table.world.clock.advance(QUIET_MS)
      await table.tick()
    }
    expect(table.versions()).toBe(historicalVersions)
    expect(await table.waiting()).toEqual([])
  })

  test('whenever cadences run, and in whatever order events come, the snapshot is the same', async () => {
    const ticks = fc.array(fc.nat(2), { minLength: 4, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(ticks, fc.infiniteStream(fc.nat(99)), async (ticksOf, dice) => {
        const roll = (sides: number) => (dice.next().value ?? 0) % sides
        const table = await aTable('snapshot')
        let events: LandedFile[] = []
        const land = async (file: LandedFile | undefined) => {
          events = events.filter((one) => one !== file)
          if (file) await table.world.files.land(file)
        }
        for (const [at, step] of steps.entries()) {
          // Whose bytes are gone before the event is handled is not landed at all.
          for (const file of events.filter((one) => step.full?.some((name) => nameOf(one) === `${name}.parquet`)))
            await land(file)
          events = [...events, ...(await table.unannounced(() => put(table, step, at)))]
          for (let n = ticksOf[at] ?? 0; n > 0; n -= 1) {
            if (roll(2) === 0) await land(events[roll(events.length || 1)])
            await table.tick()
          }
        }
        while (events.length > 0) {
          await land(events[roll(events.length)])
          if (roll(2) === 0) await table.tick()
        }
        for (let n = 0; n < 4; n += 1) {
          table.world.clock.advance(QUIET_MS)
          await table.tick()
        }
        expect(await table.waiting()).toEqual([])
        expect(table.rows()).toEqual(sorted)
      }),
      { numRuns: 60 },
    )
  })
})
