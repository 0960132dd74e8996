import { describe, expect, it } from 'vitest'
import { type Column, fitting } from '../../../cli/lib/output.ts'

interface Row {
  readonly table: string
}

const column = (title: string, optional = false): Column<Row> => ({ title, value: (row) => row.table, optional })
const titles = (width: number): string[] =>
  fitting([{ table: 'ten_chars_' }], [column('A'), column('B', true), column('C'), column('D', true)], width).map(
    (one) => one.title,
  )

describe('a table on a narrow terminal', () => {
  it('loses optional columns, the last first, and never the others', () => {
    expect(titles(48)).toEqual(['A', 'B', 'C', 'D'])
    expect(titles(47)).toEqual(['A', 'B', 'C'])
    expect(titles(35)).toEqual(['A', 'C'])
    expect(titles(5)).toEqual(['A', 'C'])
  })

  it('does not count colours', () => {
    const red: Column<Row> = { title: 'A', value: () => '\u001b[31mred\u001b[39m', optional: true }
    expect(fitting([{ table: 'x' }], [red], 5)).toEqual([red])
  })
})
