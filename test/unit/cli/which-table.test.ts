import { expect, it } from 'vitest'
import { tableNamed } from '../../../cli/lib/which-table.ts'

const rows = [{ table: 'hr_emp' }, { table: 'a_b_c' }, { table: 'hr.odd' }]

it.each([
  ['hr_emp', 'hr_emp'],
  ['HR.EMP', 'hr_emp'],
  ['a.b_c', 'a_b_c'],
  ['a_b.c', 'a_b_c'],
  ['hr.odd', 'hr.odd'],
])('`%s` means %s', (wanted, table) => expect(tableNamed(wanted, rows).table).toBe(table))

it('a name that is none is refused', () => {
  expect(() => tableNamed('hr.nobody', rows)).toThrow('TG2603: there is no table `hr.nobody`')
})
