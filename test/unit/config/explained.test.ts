import { expect, it } from 'vitest'
import { explained } from '../../../shared/config/explained.ts'
import { BASE, resolved } from './support.ts'

it('says each setting under its name in the file, and the block that it came from', () => {
  const { tables, provenance } = resolved(
    `${BASE}tables:\n  hr.{emp,dept}: { active: false }\n  hr.emp: { keys: [no], target: { properties: { a.b: "1" } } }\n`,
  )
  const [emp] = tables.filter((table) => table.source_table_name === 'hr_emp')
  if (!emp) throw new Error('hr.emp')
  const settings = explained(emp, provenance.get('hr_emp') ?? {})
  expect(Object.fromEntries(settings.map(({ setting, value, from }) => [setting, [value, from]]))).toMatchObject({
    cadence: ['10_min_refresh', 'defaults[0]'],
    active: [false, 'tables.hr.{emp,dept}'],
    mode: ['snapshot', 'built in'],
    schema_policy: ['strict', 'built in'],
    keys: [['no'], 'tables.hr.emp'],
    'target.database': ['lake', 'defaults[0]'],
    'target.table': ['hr_emp', 'the name of the table'],
    'target.properties': [{ 'a.b': '1' }, 'tables.hr.emp'],
    'target.partition_by': [[], 'built in'],
  })
})
