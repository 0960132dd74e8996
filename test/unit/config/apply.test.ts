import { beforeEach, describe, expect, it } from 'vitest'
import { layoutOf } from '../../../shared/claims/layout.ts'
import { applyConfig } from '../../../shared/config/apply.ts'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { sourcesFrom } from '../../../shared/landing/sources.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import { claimed } from '../../contract/support/items.ts'
import { BASE, resolved } from './support.ts'

const CONTROL = 'control'
const NONE = { added: 0, changed: 0, removed: 0, unchanged: 0 }
let memory: ReturnType<typeof createMemoryPorts>
beforeEach(() => {
  memory = createMemoryPorts()
})

const apply = (text: string, deployed = ['10_min_refresh', 'nightly']) =>
  applyConfig(resolved(text), { ...memory, schedules: createMemorySchedules(...deployed), controlBucket: CONTROL })
const tablesOf = async (cadence: string) =>
  (await memory.config.tables(cadence)).map((table) => [table.source_table_name, table.applied_at_ms])
const withTables = (tables: string) => `${BASE}tables:\n${tables}`

describe('applyConfig', () => {
  it('writes cadences, tables and sources', async () => {
    const now = memory.clock.now()
    expect(await apply(withTables('  hr.t{1..40}:\n'))).toMatchObject({
      cadences: { ...NONE, added: 2 },
      tables: { ...NONE, added: 40 },
      sources: { ...NONE, added: 1 },
    })
    expect((await memory.config.cadences()).map((cadence) => cadence.refresh_cadence)).toEqual([
      '10_min_refresh',
      'nightly',
    ])
    expect(await tablesOf('10_min_refresh')).toHaveLength(40)
    expect(await memory.config.table('10_min_refresh', 'hr_t40')).toMatchObject({ applied_at_ms: now })
    expect(await sourcesFrom(memory.objects, CONTROL, memory.clock)()).toMatchObject({
      operational: { prefix: 'staging/' },
    })
  })

  it('a second time changes nothing, not even the times', async () => {
    const text = withTables('  hr.emp:\n')
    await apply(text)
    const before = [
      await memory.config.cadences(),
      await tablesOf('10_min_refresh'),
      await memory.objects.get(CONTROL, 'config/sources.json'),
    ]
    memory.clock.advance(60_000)
    expect(await apply(text)).toMatchObject({
      cadences: { ...NONE, unchanged: 2 },
      tables: { ...NONE, unchanged: 1 },
      sources: { ...NONE, unchanged: 1 },
    })
    expect([
      await memory.config.cadences(),
      await tablesOf('10_min_refresh'),
      await memory.objects.get(CONTROL, 'config/sources.json'),
    ]).toEqual(before)
  })

  it('changes, moves and removes tables', async () => {
    await apply(withTables('  hr.a:\n  hr.b:\n  hr.c:\n  hr.d:\n'))
    const first = memory.clock.now()
    memory.clock.advance(60_000)
    const applied = await apply(
      withTables('  hr.a:\n  hr.b: { keys: [other] }\n  hr.c: { cadence: nightly }\n  hr.e:\n'),
    )
    expect(applied.tables).toEqual({ added: 1, changed: 2, removed: 1, unchanged: 1 })
    expect(await tablesOf('10_min_refresh')).toEqual([
      ['hr_a', first],
      ['hr_b', first + 60_000],
      ['hr_e', first + 60_000],
    ])
    expect(await tablesOf('nightly')).toEqual([['hr_c', first + 60_000]])
  })

  it('a moved table is there under its new cadence before it goes from the old one', async () => {
    await apply(withTables('  hr.a:\n'))
    const order: string[] = []
    const config = {
      ...memory.config,
      putTable: async (table: { refresh_cadence: string }) => void order.push(`put ${table.refresh_cadence}`),
      deleteTable: async (cadence: string) => void order.push(`delete ${cadence}`),
    }
    const moved = resolved(withTables('  hr.a: { cadence: nightly }\n'))
    const schedules = createMemorySchedules('10_min_refresh', 'nightly')
    await applyConfig(moved, { ...memory, config, schedules, controlBucket: CONTROL })
    expect(order).toEqual(['put nightly', 'delete 10_min_refresh'])
  })

  it('a removed cadence goes with its tables', async () => {
    await apply(withTables('  hr.a: { cadence: nightly }\n'))
    const text = withTables('  hr.a:\n').replace(/ {2}nightly.*\n/, '')
    expect((await apply(text)).cadences).toEqual({ ...NONE, removed: 1, unchanged: 1 })
    expect(await memory.config.cadence('nightly')).toBeUndefined()
    expect(await tablesOf('nightly')).toEqual([])
  })

  it('writes nothing for a cadence that has no schedule, and says: deploy', async () => {
    await expect(apply(withTables('  hr.a:\n'), ['nightly'])).rejects.toMatchObject({
      code: 'TG1220',
      message: expect.stringMatching(/`10_min_refresh`: deploy \(`npx osls deploy`\)/),
    })
    expect(await memory.config.cadences()).toEqual([])
    expect(await memory.objects.get(CONTROL, 'config/sources.json')).toBeUndefined()
  })

  it('writes sources anew when what is there cannot be read', async () => {
    await memory.objects.put(CONTROL, 'config/sources.json', '{')
    expect((await apply(BASE)).sources).toEqual({ ...NONE, added: 1 })
    expect(await sourcesFrom(memory.objects, CONTROL, memory.clock)()).toHaveProperty('operational')
  })

  describe('a table that has data', () => {
    const before = withTables('  hr.emp:\n  hr.dep:\n')
    const withData = (more: Partial<TableItem> = {}) =>
      memory.tables.replace(
        claimed('hr_emp', { refresh_status: 'completed', last_snapshot: '7', entry_uri: null, ...more }),
        undefined,
      )

    it.each([
      ['keys: [other]', 'merge.keys'],
      ['sequence_by: other', 'merge.sequence_by'],
      ['sequence_by: [seq, change_no]', 'merge.sequence_by'],
      ['mode: historical', 'merge.mode'],
      ['target: { database: other }', 'target.database'],
      ['target: { partition_by: ["bucket(4, id)"] }', 'target.partition_by'],
      ['target: { metadata_columns: [] }', 'target.metadata_columns'],
    ])('keeps its %s', async (setting, field) => {
      await apply(before)
      await withData()
      const change = withTables(`  hr.emp: { ${setting} }\n  hr.dep: { keys: [other] }\n`)
      await expect(apply(change)).rejects.toThrow(new RegExp(`TG1222[^]*\`hr_emp\`: \`${field}\``))
      await expect(apply(change)).rejects.not.toThrow('hr_dep')
      // Nothing was applied, of the other table neither.
      expect(await apply(before)).toMatchObject({ tables: { ...NONE, unchanged: 2 } })
    })

    it('but may get those that it was rebuilt by, and no others', async () => {
      await apply(before)
      const rebuiltBy = withTables('  hr.emp: { keys: [other] }\n  hr.dep:\n')
      const wanted = resolved(rebuiltBy).tables.find((table) => table.source_table_name === 'hr_emp')
      if (!wanted) throw new Error('the file names it')
      await withData({ rebuilt: { layout: layoutOf(wanted), times: 1 } })
      await expect(apply(withTables('  hr.emp: { keys: [third] }\n  hr.dep:\n'))).rejects.toThrow('TG1222')
      expect(await apply(rebuiltBy)).toMatchObject({ tables: { changed: 1, unchanged: 1 } })
      await expect(apply(before)).rejects.toThrow(/TG1222[\s\S]*tidegate rebuild/)
    })

    it('or a batch that is not resolved keeps them too', async () => {
      await apply(before)
      await withData({ last_snapshot: null, entry_uri: 's3://control/entries/hr_emp/x.json' })
      await expect(apply(withTables('  hr.emp: { keys: [other] }\n  hr.dep:\n'))).rejects.toThrow('TG1222')
    })

    it('keeps them while the file does not name it, and when it is named again', async () => {
      await apply(before)
      await withData()
      await apply(withTables('  hr.dep:\n'))
      await apply(withTables('  hr.dep:\n'))
      for (const setting of ['keys: [other]', 'target: { table: other }'])
        await expect(apply(withTables(`  hr.emp: { ${setting} }\n  hr.dep:\n`))).rejects.toThrow(
          /TG1222[\s\S]*`hr_emp`/,
        )
      expect(await apply(before)).toMatchObject({
        tables: { added: 1, unchanged: 1 },
        consequences: { added: [{ table: 'hr_emp', has_data: true }] },
      })
    })

    it('keeps its target to itself, in the file or out of it', async () => {
      await apply(before)
      await withData()
      const squatter = '  hr.dep: { target: { table: hr_emp } }\n'
      for (const tables of [
        squatter,
        `  hr.staff: { target: { table: hr_emp } }\n${squatter.replace('hr_emp', 'x')}`,
      ]) {
        await expect(apply(withTables(tables))).rejects.toThrow(
          /TG1223[\s\S]*`hr_(dep|staff)` would write `lake.hr_emp`, which has the data of `hr_emp`/,
        )
      }
      expect(await apply(before)).toMatchObject({ tables: { ...NONE, unchanged: 2 } })

      await apply(withTables('  hr.dep:\n'))
      await expect(apply(withTables(squatter))).rejects.toThrow('TG1223')
      expect(await apply(withTables('  hr.dep:\n  hr.staff: { target: { table: free } }\n'))).toMatchObject({
        tables: { added: 1 },
      })
    })

    it('without data gives its target away', async () => {
      await apply(before)
      const tables = '  hr.dep: { target: { table: hr_emp } }\n'
      expect(await apply(withTables(tables))).toMatchObject({ tables: { changed: 1, removed: 1 } })
    })

    it('keeps them after a removal that broke off, which the next apply finishes', async () => {
      await apply(before)
      await withData()
      const deleteTable = async () => {
        throw new Error('the network is gone')
      }
      const without = resolved(withTables('  hr.dep:\n'))
      const schedules = createMemorySchedules('10_min_refresh', 'nightly')
      const broken = { ...memory, config: { ...memory.config, deleteTable }, schedules, controlBucket: CONTROL }
      await expect(applyConfig(without, broken)).rejects.toThrow('the network is gone')
      expect(await memory.objects.get(CONTROL, 'config/removed/hr_emp.json')).toContain('"hr_emp"')
      expect(await apply(withTables('  hr.dep:\n'))).toMatchObject({ tables: { removed: 1, unchanged: 1 } })
      await expect(apply(withTables('  hr.emp: { keys: [other] }\n  hr.dep:\n'))).rejects.toThrow('TG1222')
    })

    it('removed again, it is what it was last', async () => {
      await apply(before)
      await apply(withTables('  hr.dep:\n'))
      await apply(withTables('  hr.emp: { keys: [other] }\n  hr.dep:\n'))
      await withData()
      await apply(withTables('  hr.dep:\n'))
      await expect(apply(before)).rejects.toThrow(/`merge.keys` is `\["other"\]`/)
      expect(await apply(withTables('  hr.emp: { keys: [other] }\n  hr.dep:\n'))).toMatchObject({
        tables: { added: 1 },
      })
    })

    it('can change what only concerns the batches to come, and its cadence', async () => {
      await apply(before)
      await withData()
      const change = withTables('  hr.emp: { drop_columns: [x], active: false, cadence: nightly }\n  hr.dep:\n')
      expect(await apply(change)).toMatchObject({ tables: { changed: 1, unchanged: 1 } })
    })

    it('can have been adopted or not: that was decided by its first batch', async () => {
      await apply(before)
      await withData()
      const change = withTables('  hr.emp: { target: { adopt: true } }\n  hr.dep:\n')
      expect(await apply(change)).toMatchObject({ tables: { changed: 1, unchanged: 1 } })
      expect(await apply(before)).toMatchObject({ tables: { changed: 1, unchanged: 1 } })
    })
  })
})
