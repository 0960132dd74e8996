/** `npm run demo`: the whole product on this machine, told as a story. Runs the same commands that a user would type. */
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import pc from 'picocolors'
import { number, plural } from '../cli/lib/human.ts'
import { Interrupted } from '../cli/lib/interrupted.ts'
import { refuseSecond, runningHere } from '../cli/lib/local-pointer.ts'
import { messageOf, TidegateError } from '../shared/errors.ts'
import { command, isInterrupted, lastCommand, linesOf } from './command.ts'
import { demoOptions } from './options.ts'
import { chapter, hint, say, table, took } from './story.ts'

const root = join(import.meta.dirname, '..')
const folder = join(process.cwd(), '.tidegate', 'demo')
const python = join(root, '.venv/bin/python')

interface Written {
  readonly table: string
  readonly what?: string
  readonly rows: number
  readonly bytes: number
}

const tidegate = (...args: string[]): Promise<void> => command(process.execPath, [join(root, 'cli/main.ts'), ...args])

async function main(): Promise<void> {
  const options = demoOptions(process.argv.slice(2))
  if (options === 'help') return help()
  refuseSecond() // before its data is removed
  const source = (verb: string): string[] => [
    join(root, 'demo/source_database.py'),
    verb,
    ...['--folder', join(folder, 'source')],
    ...['--rows', String(options.rows)],
  ]
  const started = Date.now()
  await rm(folder, { recursive: true, force: true })
  say(pc.bold('Tidegate: change files land on S3, wait in a ledger, and arrive in Iceberg tables on their cadence.'))
  say('Everything here is real but the cloud itself: the packaged Lambdas, the state machine, the queues, and Spark.')

  try {
    await chapter(1, 'A cloud on this machine: buckets, queues, ledger, Lambdas, state machine', async () => {
      await tidegate('local', 'up', '--detach', '--port', '0', '--data-dir', '.tidegate/demo/cloud')
      await tidegate('config', 'apply', relative(process.cwd(), join(root, 'tidegate.yml')))
    })
    await fullLoad(source)
    await changes(source)
    await check(source)
  } finally {
    if ((!options.keep || isInterrupted()) && runningHere())
      await lastCommand(process.execPath, [join(root, 'cli/main.ts'), 'local', 'down'])
  }
  took(Date.now() - started)
  whatNext(options.keep)
}

/** The arguments of source_database.py. */
type Source = (verb: string) => string[]

function help(): void {
  say('npm run demo -- [--rows N] [--keep]')
  say('  --rows N   rows of each of the 18 tables (default 25000; the published figures are for 1369769)')
  say('  --keep     leave the local cloud running at the end')
}

async function fullLoad(source: Source): Promise<void> {
  await chapter(2, 'A full load: AWS DMS writes one file for each of 18 tables', async () => {
    const written = await linesOf<Written>(python, source('create'))
    const rows = written.reduce((sum, file) => sum + file.rows, 0)
    say(`the source database has ${plural(written.length, 'table')} with ${number(rows)} rows`)
    await tidegate('land', '.tidegate/demo/source/full-load', '--wait')
  })
  await chapter(3, 'The cadence comes round: 18 tables in batches of five, each batch one Spark job', () =>
    tidegate('run', '10_min_refresh', '--wait'),
  )
}

async function changes(source: Source): Promise<void> {
  await chapter(4, 'Rows change at the source: change files land', async () => {
    const written = await linesOf<Written>(python, source('change'))
    table(written.map((file) => [file.table, `${number(file.rows)} ${file.what}`]))
    await tidegate('land', '.tidegate/demo/source/changes', '--wait')
  })
  await chapter(5, 'The next cadence: only tables with waiting files are worked on', () =>
    tidegate('run', '10_min_refresh', '--wait'),
  )
  await chapter(6, 'One key was inserted, updated twice, deleted, inserted and updated again, in five files', () =>
    tidegate('query', 'SELECT pk_id, total_amount, _tg_operation FROM taxi_trips_table_10 WHERE pk_id = 1369770'),
  )
}

async function check(source: Source): Promise<void> {
  await chapter(7, 'Is the lake what the source is? Every row of every table, read without Spark', async () => {
    const found = await linesOf<{ table: string; rows: number; missing: number; surplus: number }>(
      python,
      source('verify'),
    )
    const rows = found.reduce((sum, one) => sum + one.rows, 0)
    const wrong = found.filter((one) => one.missing + one.surplus > 0)
    table(wrong.map((one) => [pc.red(one.table), `${one.missing} rows missing, ${one.surplus} too many`]))
    if (wrong.length > 0) throw new Error(`${plural(wrong.length, 'table')} differ from the source`)
    say(pc.green(`yes: ${plural(found.length, 'table')}, ${number(rows)} rows, no difference`))
  })
}

function whatNext(kept: boolean): void {
  say('')
  say(pc.bold('What next'))
  if (!kept)
    hint('npx tidegate local up --detach --data-dir .tidegate/demo/cloud', 'start this cloud again, as it was left')
  hint('npx tidegate status', 'every table: fresh? failed? what to do now?')
  hint('npx tidegate query "SELECT count(*) FROM taxi_trips_table_1"', 'read the lake')
  hint('npx tidegate local down', 'stop it')
  hint('README.md', 'how one file travels from the S3 event to the snapshot')
}

try {
  await main()
} catch (error) {
  const stopped = error instanceof Interrupted
  const wrongInput = error instanceof TidegateError && error.code.startsWith('TG1')
  process.stderr.write(
    stopped || wrongInput ? `${messageOf(error)}\n` : pc.red(`The demo failed: ${messageOf(error)}\n`),
  )
  process.exitCode = stopped ? error.exitCode : wrongInput ? 2 : 1
}
