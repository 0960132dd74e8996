/** `tidegate query "SELECT …"`: reads the lake without a JVM, as an independent reader would. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { EngineError, InputError } from '../../shared/errors.ts'
import { chooseCloud } from '../lib/deployment.ts'
import { type Globals, outputOf } from './globals.ts'

interface Answer {
  readonly columns: string[]
  readonly rows: unknown[][]
}

const SPARK = 'docs/how-to/read-the-tables.md#hudi-tables'
const root = join(import.meta.dirname, '..', '..')

export function addQuery(program: Command): void {
  program
    .command('query')
    .description('run one SQL statement (DuckDB) over the tables of the lake')
    .argument('<sql>', 'e.g. "SELECT count(*) FROM taxi_trips_table_1"')
    .action(async (sql: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      chooseCloud(globals, output)
      const answer = await ask(sql)
      output.result(answer, () => {
        const rows = answer.rows.map((row) => row.map((value) => (value === null ? 'NULL' : String(value))))
        const columns = answer.columns.map((title, index) => ({
          title,
          value: (row: string[]) => row[index] ?? '',
          right: answer.rows.every((row) => typeof row[index] === 'number'),
        }))
        output.table(rows, columns)
      })
    })
}

/** Throws InputError TG2602 for a statement that can't be run, EngineError TG5601 if the reader itself fails, TG5611 for a table that it can't read. */
async function ask(sql: string): Promise<Answer> {
  const child = spawn(join(root, '.venv/bin/python'), [join(root, 'cli/lake/query.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(JSON.stringify({ sql }))
  const [printed, complaints] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)])
  const answer = printed.startsWith('{')
    ? (JSON.parse(printed) as Answer | { error: string } | { unreadable: string })
    : undefined
  if (answer === undefined)
    throw new EngineError(
      'TG5601',
      `the query could not be run: ${complaints.trim().split('\n').at(-1)}. Is the cloud up?`,
    )
  if ('error' in answer) throw new InputError('TG2602', `${answer.error}\nMend the statement and try again.`)
  if ('unreadable' in answer) throw new EngineError('TG5611', `${answer.unreadable}. Spark reads it: ${SPARK}`)
  return answer
}

const ended = (child: ReturnType<typeof spawn>): Promise<void> =>
  new Promise((resolve, reject) => child.once('close', () => resolve()).once('error', reject))
