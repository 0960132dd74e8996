/** The first command that a newcomer types. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, root, run, Workplace } from './support/tidegate.ts'

describe('npm run demo', () => {
  const place = new Workplace()
  let demo: Ended

  beforeAll(async () => {
    demo = await run(process.execPath, [join(root, 'demo/main.ts'), '--rows', '3000'], place.folder)
  })
  afterAll(() => place.close())

  it('ends well, and the lake is what the source is', () => {
    expect(demo.stderr).not.toContain('Error')
    expect(demo.stdout).toContain('yes: 18 tables, 55,501 rows, no difference')
    expect(demo.code).toBe(0)
  })

  it('shows the published figures: 18 tables in batches of 5, 5, 5, 3, and one row from six operations', () => {
    expect(demo.stderr).toContain('18 tables with work in 4 batches (5, 5, 5, 3)')
    expect(demo.stdout).toContain('SUCCEEDED: 18 tables completed, 0 failed, 0 skipped; 18 files; 54,000 rows inserted')
    expect(demo.stdout).toContain(
      'SUCCEEDED: 4 tables completed, 0 failed, 0 skipped; 8 files; ' +
        '3,001 rows inserted, 1,500 updated, 1,500 deleted, 0 stale, 5 duplicate',
    )
    expect(demo.stdout).toMatch(/1369770\s+100\.00\s+U/)
  })

  it('leaves no cloud running, and its data where the last chapter says', async () => {
    expect((await place.tidegate('local', 'env')).code).toBe(2)
    expect(existsSync(join(place.folder, '.tidegate/demo/cloud/port'))).toBe(true)
  })

  it('the cloud starts again as it was left', async () => {
    await place.json('local', 'up', '--detach', '--data-dir', '.tidegate/demo/cloud')
    const { rows } = await place.json<{ rows: unknown[][] }>('query', 'SELECT count(*) FROM taxi_trips_table_1')
    expect(rows).toEqual([[6000]])
    const { tables } = await place.json<{ tables: { status: string; waiting_files: number }[] }>('status')
    expect(tables.filter((table) => table.status === 'completed' && table.waiting_files === 0)).toHaveLength(18)
  })
})
