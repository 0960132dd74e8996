/** Where a command's words go: data to standard output (text or JSON), everything else to standard error. */
import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import pc from 'picocolors'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly right?: boolean
  /** Left out where the terminal is too narrow; the last such column goes first. */
  readonly optional?: boolean
}

/** Between two columns. */
const gap = 2

export class Output {
  readonly json: boolean

  constructor(json: boolean) {
    this.json = json
  }

  /** The command's result: as JSON with `--json`, else what `human` prints. */
  result(value: unknown, human: () => void): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
    else human()
  }

  line(text = ''): void {
    process.stdout.write(`${text}\n`)
  }

  /** Progress and remarks: never part of the data. */
  note(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const shown = process.stdout.isTTY ? fitting(rows, columns, process.stdout.columns) : columns
    const table = new Table({
      head: shown.map((column) => pc.bold(column.title)),
      colAligns: shown.map((column) => (column.right ? 'right' : 'left')),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
      chars: noBorders,
    })
    for (const row of rows) table.push(shown.map((column) => column.value(row)))
    this.line(table.toString().replace(/[ \t]+$/gm, ''))
    const hidden = columns.filter((column) => !shown.includes(column))
    if (hidden.length > 0)
      this.note(`left out for want of room: ${hidden.map((column) => column.title).join(', ')} (--json has everything)`)
  }
}

/** The columns without as many optional ones as it takes to fit into `width` characters. */
export function fitting<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
): readonly Column<Row>[] {
  const widthOf = (column: Column<Row>): number =>
    Math.max(column.title.length, ...rows.map((row) => stripVTControlCharacters(column.value(row)).length)) + gap
  const total = columns.reduce((sum, column) => sum + widthOf(column), 0)
  const dispensable = columns.findLast((column) => column.optional)
  if (total <= width || dispensable === undefined) return columns
  return fitting(
    rows,
    columns.filter((column) => column !== dispensable),
    width,
  )
}

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .map((name) => [name, '']),
)
