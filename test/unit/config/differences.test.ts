import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differences, flat } from '../../../shared/config/differences.ts'
import { BASE, resolved } from './support.ts'

const NONE = { added: 0, changed: 0, removed: 0, unchanged: 0 }
const of = (tables: string) => resolved(`${BASE}tables:\n${tables}`)

/** As if `config apply` had written the file at time 1. */
function stored(tables: string) {
  const { cadences, tables: items, sources } = of(tables)
  return {
    cadences: cadences.map((cadence) => ({ ...cadence, applied_at_ms: 1 })),
    tables: items.map((table) => ({ ...table, applied_at_ms: 1 })),
    sources,
  }
}

describe('differences', () => {
  it('there are none to what was applied, whenever that was', () => {
    const found = differences(of('  hr.a:\n'), stored('  hr.a:\n'))
    for (const kind of [found.cadences, found.tables, found.sources])
      expect([kind.items, kind.write, kind.remove]).toEqual([[], [], []])
    expect(found.cadences.changes).toEqual({ ...NONE, unchanged: 2 })
    expect(found.tables.changes).toEqual({ ...NONE, unchanged: 1 })
  })

  it('everything is added where nothing is applied', () => {
    const found = differences(of('  hr.{b,a}:\n'), { cadences: [], tables: [], sources: {} })
    expect(found.tables.items).toEqual([
      { name: 'hr_a', change: 'added', fields: [] },
      { name: 'hr_b', change: 'added', fields: [] },
    ])
    expect(found.sources.items).toEqual([{ name: 'operational', change: 'added', fields: [] }])
    expect(found.tables.write).toHaveLength(2)
  })

  it('names each field with both values, by table, and what goes', () => {
    const { tables } = differences(
      of('  hr.a: { keys: [id, b], target: { properties: { p.q: "2" }, partition_by: [days(ts)] } }\n  hr.same:\n'),
      stored('  hr.a: { target: { properties: { p.q: "1" } } }\n  hr.same:\n  hr.gone:\n'),
    )
    expect(tables.items).toEqual([
      {
        name: 'hr_a',
        change: 'changed',
        fields: [
          { field: 'merge.keys', before: ['id'], after: ['id', 'b'] },
          { field: 'target.partition_by', before: [], after: ['days(ts)'] },
          { field: 'target.properties.p.q', before: '1', after: '2' },
        ],
      },
      { name: 'hr_gone', change: 'removed', fields: [] },
    ])
    expect(tables.changes).toEqual({ added: 0, changed: 1, removed: 1, unchanged: 1 })
    expect(tables.write.map((table) => table.source_table_name)).toEqual(['hr_a'])
    expect(tables.remove.map((table) => table.source_table_name)).toEqual(['hr_gone'])
  })

  it('a table that moves to another cadence is changed: written there, removed here', () => {
    const { tables } = differences(of('  hr.a: { cadence: nightly }\n'), stored('  hr.a:\n'))
    expect(tables.items).toEqual([
      {
        name: 'hr_a',
        change: 'changed',
        fields: [
          { field: 'refresh_cadence', before: '10_min_refresh', after: 'nightly' },
          { field: 'reload.quiet_ms', before: 600_000, after: 86_400_000 },
        ],
      },
    ])
    expect(tables.changes).toEqual({ ...NONE, changed: 1 })
    expect(tables.write.map((table) => table.refresh_cadence)).toEqual(['nightly'])
    expect(tables.remove.map((table) => table.refresh_cadence)).toEqual(['10_min_refresh'])
  })

  it('what a broken-off move left behind goes, and is one change', () => {
    const before = stored('  hr.a:\n')
    const both = { ...before, tables: [...before.tables, ...stored('  hr.a: { cadence: nightly }\n').tables] }
    const { tables } = differences(of('  hr.a: { cadence: nightly }\n'), both)
    expect(tables.write).toEqual([])
    expect(tables.remove.map((table) => table.refresh_cadence)).toEqual(['10_min_refresh'])
    expect(tables.changes).toEqual({ ...NONE, changed: 1 })
  })

  it('every difference between two files comes to none once it is written', () => {
    const block = fc.constantFrom('', '{ keys: [k] }', '{ cadence: nightly }', '{ active: false }')
    const file = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), block, { minKeys: 1 }).map((tables) =>
      Object.entries(tables)
        .map(([name, settings]) => `  hr.${name}: ${settings}\n`)
        .join(''),
    )
    fc.assert(
      fc.property(file, file, (from, to) => {
        const before = stored(from)
        const { write, remove, changes } = differences(of(to), before).tables
        const id = (table: { refresh_cadence: string; source_table_name: string }) =>
          `${table.refresh_cadence}/${table.source_table_name}`
        const after = new Map(before.tables.map((table) => [id(table), table]))
        for (const table of write) after.set(id(table), { ...table, applied_at_ms: 2 })
        for (const table of remove) after.delete(id(table))
        expect(differences(of(to), { ...before, tables: [...after.values()] }).tables.items).toEqual([])
        expect(changes.added + changes.changed + changes.unchanged).toBe(of(to).tables.length)
        expect(changes.removed + changes.changed + changes.unchanged).toBe(before.tables.length)
      }),
    )
  })
})

it('flat: dotted paths; a list and an empty mapping are values, undefined is none', () => {
  expect(Object.fromEntries(flat({ a: { b: 1, c: [1] }, d: {}, e: undefined, f: null }))).toEqual({
    'a.b': 1,
    'a.c': [1],
    d: {},
    f: null,
  })
})
