/** `npm run demo`: the whole product on this machine, told as a story. Runs the same commands that a user would type. */
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { number, plural } from '../cli/lib/human.ts'
import { messageOf } from '../shared/errors.ts'
import { command, interruption, linesOf } from './command.ts'
import { chapter, hint, say, table, took } from './story.ts'

const root = join(import.meta.dirname, '..')
const folder = join(process.cwd(), '.tidegate', 'demo')
const python = join(root, '.venv/bin/python')

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '25000' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  say('npm run demo -- [--rows N] [--keep]')
  say('  --rows N   rows of each of the 18 tables (default 25000; the published figures are for 1369769)')
  say('  --keep     leave the local cloud running at the end')
  process.exit(0)
}

interface Written {
  readonly table: string
  readonly what?: string
  readonly rows: number
  readonly bytes: number
}

const source = (verb: string): string[] => [
  join(root, 'demo/source_database.py'),
  verb,
  '--folder',
  join(folder, 'source'),
  '--rows',
  options.rows,
]
const tidegate = (...args: string[]): Promise<void> => command(process.execPath, [join(root, 'cli/main.ts'), ...args])

async function main(): Promise<void> {
  const started = Date.now()
  await rm(folder, { recursive: true, force: true })
  say(pc.bold('Tidegate: change files land on S3, wait in a ledger, and arrive in Iceberg tables on their cadence.'))
  say('Everything here is real but the cloud itself: the packaged Lambdas, the state machine, the queues, and Spark.')

  try {
    await chapter(1, 'A cloud on this machine: buckets, queues, ledger, Lambdas, state machine', async () => {
      await tidegate('local', 'up', '--detach', '--port', '0', '--data-dir', '.tidegate/demo/cloud')
      await tidegate('config', 'apply', relative(process.cwd(), join(root, 'tidegate.yml')))
    })
    await fullLoad()
    await changes()
    await check()
  } finally {
    if (!options.keep || interruption() !== undefined) await tidegate('local', 'down')
  }
  took(Date.now() - started)
  whatNext()
}

async function fullLoad(): Promise<void> {
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

async function changes(): Promise<void> {
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

async function check(): Promise<void> {
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

function whatNext(): void {
  say('')
  say(pc.bold('What next'))
  if (!options.keep)
    hint('npx tidegate local up --detach --data-dir .tidegate/demo/cloud', 'start this cloud again, as it was left')
  hint('npx tidegate status', 'every table: fresh? failed? what to do now?')
  hint('npx tidegate query "SELECT count(*) FROM taxi_trips_table_1"', 'read the lake')
  hint('npx tidegate local down', 'stop it')
  hint('README.md', 'how one file travels from the S3 event to the snapshot')
}

try {
  await main()
} catch (error) {
  const stopped = interruption()
  if (stopped === undefined) say(pc.red(`The demo failed: ${messageOf(error)}`))
  process.exitCode = stopped ?? 1
}
