/** Where a command's words go: data to standard output (text or JSON), everything else to standard error. */
import Table from 'cli-table3'
import pc from 'picocolors'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly right?: boolean
}

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
    const table = new Table({
      head: columns.map((column) => pc.bold(column.title)),
      colAligns: columns.map((column) => (column.right ? 'right' : 'left')),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
      chars: noBorders,
    })
    for (const row of rows) table.push(columns.map((column) => column.value(row)))
    this.line(table.toString().replace(/[ \t]+$/gm, ''))
  }
}

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .map((name) => [name, '']),
)
