/** Whatever call a Lambda dies at, calling it again ends in the state that an undisturbed run ends in. */
import { describe, expect, test } from 'vitest'
import type { LandedFile } from '../../../shared/contracts/ledger.ts'
import type { ClaimBatchOutput } from '../../../shared/contracts/runs.ts'
import { dying, unlessDied } from '../claims/disturbed.ts'
import {
  CONTROL,
  claim,
  createWorld,
  ENDED,
  KILLED,
  type Lake,
  plannedTables,
  putFile,
  putOutcome,
  runJob,
  settle,
  tableConfig,
  type World,
  work,
} from '../claims/world.ts'

const TABLES = ['shop_a', 'shop_b', 'shop_c', 'shop_d', 'shop_e', 'shop_f']
const QUIET_MS = 60_000

/**
 * Six tables: a load with deletes and an overwritten file; one that its job forgets; one under another's name; a reissued one; a
 * reload that is complete, with a change from before it; and one for which only a change from before its reload waits.
 */
async function sixTables() {
  const world = await createWorld(TABLES)
  const lake: Lake = new Map()
  const reload = { complete_when: 'quiet', quiet_ms: QUIET_MS } as const
  for (const table of ['shop_e', 'shop_f']) await world.config.putTable(tableConfig(table, { reload }))
  await putFile(world, 'shop_e', 'LOAD00000001.parquet', 'old')
  await putFile(world, 'shop_f', 'LOAD00000001.parquet', 'old')
  await runAll(world, lake, 'e00')
  const before = [await putFile(world, 'shop_f', '1.parquet', '1'), await putFile(world, 'shop_e', '1.parquet', 'D1')]
  await world.files.land({ ...(before[0] as LandedFile), file_id: '000000000007-late', put_at_s: 7 })
  await putFile(world, 'shop_f', 'LOAD00000001.parquet', 'new')
  world.clock.advance(QUIET_MS)
  await runAll(world, lake, 'e01', ['shop_f'])
  await world.files.land({ ...(before[0] as LandedFile), file_id: '000000000008-late', put_at_s: 8 })
  await putFile(world, 'shop_d', '1.parquet', 'D1')
  const earlier = await claim(world, 'e0', ['shop_d'])
  for (const planned of await plannedTables(world, earlier)) await work(world, lake, earlier, planned)
  await settle(world, 'e0', earlier, KILLED)
  const files = [
    await putFile(world, 'shop_a', 'LOAD00000001.parquet', 'rows'),
    await putFile(world, 'shop_a', '1.parquet', '1'),
    await putFile(world, 'shop_a', '1.parquet', 'D2'),
    await putFile(world, 'shop_a', '2.parquet', 'D3'),
    await putFile(world, 'shop_b', '1.parquet', '1'),
    await putFile(world, 'shop_c', '1.parquet', 'a', { schema_name: 'store' }),
    await putFile(world, 'shop_d', '2.parquet', '2'),
    await putFile(world, 'shop_e', 'LOAD00000001.parquet', 'new'),
    await putFile(world, 'shop_e', 'LOAD00000002.parquet', 'new'),
    ...before,
  ]
  world.clock.advance(QUIET_MS)
  return { world, lake, files }
}

async function runAll(world: World, lake: Lake, execution: string, tables = ['shop_e', 'shop_f']) {
  const claimed = await claim(world, execution, tables)
  await runJob(world, lake, claimed)
  await settle(world, execution, claimed)
}

type Scene = Awaited<ReturnType<typeof sixTables>>

/** The job commits every table but says nothing of `shop_b`. */
async function job({ world, lake }: Scene, claimed: ClaimBatchOutput) {
  for (const planned of await plannedTables(world, claimed)) {
    const outcome = await work(world, lake, claimed, planned)
    if (planned.table === 'shop_b') continue
    await putOutcome(world, outcome, { run_id: claimed.run_id, table: planned.table, token: planned.token })
  }
}

/** Everything that is stored: ledgers, histories and the control bucket. */
async function stateOf({ world, files }: Scene) {
  const objects: Record<string, string | undefined> = {}
  for await (const key of world.objects.list(CONTROL, '')) objects[key] = await world.objects.get(CONTROL, key)
  return {
    objects,
    items: await world.tables.all(),
    runs: await Promise.all(TABLES.map((table) => world.tables.runs(table, 99))),
    waiting: await Promise.all(TABLES.map((table) => world.files.waiting(table, 99))),
    settled: await Promise.all(files.map((file) => world.files.settled(file.source_table_name, file.file_id))),
    markers: await Promise.all(
      [1, 2].flatMap((generation) =>
        files.map((file) => world.files.marker(file.source_table_name, generation, file.file_ingestion_path)),
      ),
    ),
  }
}

/** Dies at call `n`, is called again with the same input, and returns what the second call gave. */
async function diedAndRetried<T>(world: World, n: number, done: boolean, step: (ports: World) => Promise<T>) {
  const mortal = dying(world, n, done)
  const first = await unlessDied(step(mortal.ports))
  if (mortal.calls() < n) return { result: first as T, died: false }
  return { result: await step(world), died: true }
}

const claimAll = (ports: World) => claim(ports, 'e1', TABLES)
const LIMIT = 500

describe.each([
  ['before the call took effect', false],
  ['after it took effect, before the answer came', true],
])('dying %s', (_, done) => {
  test('a claim ends in the same state, wherever it died', async () => {
    const undisturbed = await sixTables()
    expect((await claimAll(undisturbed.world)).claimed).toBe(4)
    const expected = await stateOf(undisturbed)
    let n = 0
    for (let died = true; died && n < LIMIT; ) {
      n += 1
      const scene = await sixTables()
      const attempt = await diedAndRetried(scene.world, n, done, claimAll)
      expect({ n, state: await stateOf(scene) }).toEqual({ n, state: expected })
      died = attempt.died
    }
    expect(n).toBeGreaterThan(20)
    expect(n).toBeLessThan(LIMIT)
  })

  test('a settling ends in the same state, wherever it died', async () => {
    const prepared = async () => {
      const scene = await sixTables()
      const claimed = await claimAll(scene.world)
      await job(scene, claimed)
      return { scene, step: (ports: World) => settle(ports, 'e1', claimed, ENDED) }
    }
    const undisturbed = await prepared()
    const report = await undisturbed.step(undisturbed.scene.world)
    expect(report.tables.map((table) => [table.table, table.status, table.reason])).toEqual([
      ['shop_a', 'completed', 'committed'],
      ['shop_b', 'refresh_error', 'unknown'],
      ['shop_d', 'completed', 'already_committed'],
      ['shop_e', 'completed', 'committed'],
      ['shop_f', 'skipped', 'nothing_waits'],
      ['shop_c', 'held', 'name_collision'],
    ])
    const expected = await stateOf(undisturbed.scene)
    let n = 0
    for (let died = true; died && n < LIMIT; ) {
      n += 1
      const { scene, step } = await prepared()
      const attempt = await diedAndRetried(scene.world, n, done, step)
      expect({ n, state: await stateOf(scene), report: attempt.result }).toEqual({ n, state: expected, report })
      died = attempt.died
    }
    expect(n).toBeGreaterThan(15)
    expect(n).toBeLessThan(LIMIT)
  })
})

test('defect 3: after a killed job the next run settles what was committed, and the one after goes on', async () => {
  const scene = await sixTables()
  const first = await claimAll(scene.world)
  await job(scene, first)
  await settle(scene.world, 'e1', first, KILLED)
  await putFile(scene.world, 'shop_b', '2.parquet', '2')
  for (const [execution, reason] of [
    ['e2', 'already_committed'],
    ['e3', 'committed'],
  ] as const) {
    const claimed = await claim(scene.world, execution, ['shop_b'])
    await runJob(scene.world, scene.lake, claimed)
    expect((await settle(scene.world, execution, claimed)).tables[0]).toMatchObject({ status: 'completed', reason })
  }
  expect(scene.lake.get('shop_b')?.map((commit) => commit.files.length)).toEqual([1, 1])
})
