/** The real change history of three tables, landed in waves, applied by real Spark, read by PyIceberg. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root, run, Workplace } from './support/tidegate.ts'

const data = join(root, '..', 'shared', 'data', 'ourairports')
const tables = ['airport_frequencies', 'countries', 'navaids'] as const
const there = existsSync(data)
if (!there) console.warn('skipped: the ourairports history is not beside this checkout')

interface RunResult {
  readonly status: string
  readonly completed: number
  readonly failed: string[]
  readonly files: number
  readonly rows: Record<string, number>
}
interface Status {
  readonly tables: ReadonlyArray<{ table: string; status: string; waiting_files: number; applied_max_sequence: string }>
  readonly dead_letters: ReadonlyArray<{ messages: number }>
}

const files = there
  ? readdirSync(join(data, 'landing'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.parquet'),
    )
  : []
const dayOf = (file: string): string => /(\d{8})-\d{9}\.parquet$/.exec(file)?.[1] ?? 'full load'

/** Which files land together; the emptied and refilled table of September 2022 is cut in the middle. */
const waves: ReadonlyArray<readonly [string, (day: string) => boolean]> = [
  ['full load and the first year', (day) => day === 'full load' || day <= '20220913'],
  ['up to the end of 2023', (day) => day > '20220913' && day <= '20231231'],
  ['the year 2024', (day) => day > '20231231' && day !== 'full load'],
]

describe.skipIf(!there)('the real change history of ourairports', () => {
  let place: Workplace
  let rowsRead = 0

  beforeAll(async () => {
    place = new Workplace()
    await place.json('local', 'up', '--detach', '--port', '0')
    await place.json('config', 'apply', join(root, 'test/e2e/ourairports.yml'))
  })
  afterAll(() => place?.close())

  it('has every file in exactly one wave', () => {
    expect(files).toHaveLength(323)
    for (const file of files) expect(waves.filter(([, holds]) => holds(dayOf(file)))).toHaveLength(1)
  })

  it.each(waves.map(([name, holds]) => [name, holds] as const))(
    '%s: lands, and the cadence applies it',
    async (name, holds) => {
      const wave = files.filter((file) => holds(dayOf(file)))
      const folder = join(place.folder, name)
      for (const file of wave) {
        mkdirSync(dirname(join(folder, file)), { recursive: true })
        cpSync(join(data, 'landing', file), join(folder, file))
      }
      const landed = await place.json<{ ledger: { landed: number } }>('land', folder, '--wait')
      expect(landed.ledger.landed).toBe(wave.length)

      const result = await place.json<RunResult>('run', '10_min_refresh', '--wait')
      expect(result).toMatchObject({ status: 'SUCCEEDED', failed: [], files: wave.length })
      rowsRead += result.rows.read ?? 0
    },
  )

  it('has read every row of every file once: 40,230 of the full loads, and 59,874 changes', () => {
    expect(rowsRead).toBe(40_230 + 59_874)
  })

  it('equals the expected end state in every row of every table', async () => {
    const env = await place.json<Record<string, string>>('local', 'env')
    const script = join(root, 'test/e2e/support/compare.py')
    const pairs = tables.map((table) => `${table}=ourairports_${table}`)
    const args = [script, 'ourairports_raw', join(data, 'expected'), ...pairs]
    const compared = await run(join(root, '.venv/bin/python'), args, place.folder, env)
    expect(compared.stderr).not.toContain('Traceback')
    const summary = JSON.parse(readFileSync(join(data, 'summary.json'), 'utf8'))
    const same = (table: string) => ({ rows: summary[table].final, missing: 0, surplus: 0, same_columns: true })
    expect(JSON.parse(compared.stdout)).toEqual(Object.fromEntries(tables.map((table) => [table, same(table)])))
  })

  it('leaves nothing waiting and no dead letter', async () => {
    const status = await place.json<Status>('status')
    expect(status.tables.map((row) => [row.table, row.status, row.waiting_files])).toEqual(
      tables.map((table) => [`ourairports_${table}`, 'completed', 0]),
    )
    expect(status.dead_letters.every((queue) => queue.messages === 0)).toBe(true)
  })
})
