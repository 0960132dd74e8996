/** What an operator is told of tables that come, go and move, before and after it happens. */
import { beforeEach, describe, expect, it } from 'vitest'
import { consequenceTexts } from '../../../cli/commands/config-consequences.ts'
import { applyConfig } from '../../../shared/config/apply.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import { claimed, landed } from '../../contract/support/items.ts'
import { BASE, resolved } from './support.ts'

let memory: ReturnType<typeof createMemoryPorts>
beforeEach(() => {
  memory = createMemoryPorts()
})

/** Applies a file with these tables, and returns what it means for them, in words. */
async function apply(tables: string): Promise<Record<string, string>> {
  const ports = { ...memory, schedules: createMemorySchedules('10_min_refresh', 'nightly'), controlBucket: 'control' }
  const applied = await applyConfig(resolved(`${BASE}tables:\n${tables}`), ports)
  return Object.fromEntries(consequenceTexts(applied.consequences))
}
const land = async (table: string, files: number) => {
  for (let n = 0; n < files; n += 1) await memory.files.land(landed(table, n))
}
const idle = { refresh_status: 'completed', claim_owner: null, entry_uri: null, last_snapshot: '7' } as const

describe('a table that comes', () => {
  it('takes up the files that waited', async () => {
    await land('hr_a', 2)
    await land('hr_off', 1)
    expect(await apply('  hr.a:\n  hr.b:\n  hr.off: { active: false }\n')).toEqual({
      hr_a: '2 files that waited: applied by the next run of 10_min_refresh',
      hr_off: '1 file that waited: applied once it is active',
    })
  })

  it('a second time goes on where it was', async () => {
    await memory.tables.replace(claimed('hr_a', idle), undefined)
    expect(await apply('  hr.a:\n')).toEqual({ hr_a: 'goes on where it was' })
  })
})

describe('a table that goes', () => {
  it('leaves its files in the ledger and its rows in the lake', async () => {
    await apply('  hr.a:\n  hr.b:\n  hr.stays:\n')
    await memory.tables.replace(claimed('hr_a', idle), undefined)
    await land('hr_a', 3)
    expect(await apply('  hr.stays:\n')).toEqual({
      hr_a: 'lake.hr_a stays as it is; 3 files and what lands from now on wait in the ledger',
      hr_b: 'it has no data yet; files of it that land wait in the ledger',
    })
  })

  it.each([
    [{}, 'the run run-1-0 has it, and finishes'],
    [{ refresh_status: 'refresh_error', claim_owner: null }, 'its last batch is not resolved, and stays frozen'],
  ] as const)('says who has it: %j', async (change, told) => {
    await apply('  hr.a:\n')
    await memory.tables.replace(claimed('hr_a', { last_snapshot: '7', ...change }), undefined)
    expect((await apply('  hr.other:\n')).hr_a).toBe(
      `lake.hr_a stays as it is; ${told}; files of it that land wait in the ledger`,
    )
  })
})

describe('a table that moves', () => {
  it('needs words only while a run has it', async () => {
    await apply('  hr.a:\n  hr.b:\n')
    await memory.tables.replace(claimed('hr_a'), undefined)
    await memory.tables.replace(claimed('hr_b', idle), undefined)
    expect(await apply('  hr.{a,b}: { cadence: nightly }\n')).toEqual({
      hr_a: 'the run run-1-0 of 10_min_refresh has it, and finishes; then nightly takes over',
    })
  })
})
