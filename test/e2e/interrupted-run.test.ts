/** Ctrl-C in the phases of `run --wait`: who watched has seen enough, and the run itself goes on to its end. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { foreground } from './support/foreground.ts'
import { root, run, Workplace } from './support/tidegate.ts'

let place: Workplace

beforeAll(async () => {
  place = new Workplace()
  await place.json('local', 'up', '--detach', '--port', '0')
  await place.json('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))
  await run(join(root, '.venv/bin/python'), [join(root, 'test/e2e/support/bad_files.py'), place.folder], root)
})
afterAll(() => place?.close())

interface Row {
  readonly table: string
  readonly status: string
  readonly waiting_files: number
}

it.each([
  { phase: 'while the run chooses its tables', line: 'started', table: 'good', goesOn: /goes on \(.+\)/ },
  { phase: 'while Spark works', line: 'plan written', table: 'overwritten', goesOn: /goes on \(0 of 1 batch settled/ },
])('$phase', async ({ line, table, goesOn }) => {
  const folder = join(place.folder, 'first', 'in', 'shop', table)
  await place.json('land', folder, '--prefix', `in/shop/${table}/`, '--wait')
  const args = [join(root, 'cli/main.ts'), 'run', '10_min_refresh', '--wait']
  const watching = foreground(process.execPath, args, place.folder)
  await watching.until(line)
  watching.signal('SIGINT')

  expect(await watching.ended, watching.said()).toBe(130)
  expect(watching.said()).toMatch(goesOn)
  expect(watching.said()).toMatch(/`tidegate logs 10_min_refresh-\S+`/)
  expect(watching.said()).not.toMatch(/TG\d{4}|\n {4}at /)
  expect(watching.said()).not.toContain('\u001b') // it writes to no terminal
  const row = async () =>
    (await place.json<{ tables: Row[] }>('status')).tables.find((one) => one.table === `shop_${table}`)
  await expect.poll(row, { timeout: 120_000, interval: 500 }).toMatchObject({ status: 'completed', waiting_files: 0 })
})

it('before anything has started: nothing does', async () => {
  const args = [join(root, 'cli/main.ts'), 'run', '10_min_refresh', '--wait']
  const watching = foreground(process.execPath, args, place.folder)
  await watching.until('using the local cloud')
  watching.signal('SIGINT')
  expect(await watching.ended).toBe(130)
  // The signal may come a moment late: then it says that the run goes on.
  expect(watching.said()).toMatch(/no run was started|goes on/)
})
