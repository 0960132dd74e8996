/** What a table goes through while files land and runs go on: added, removed, added again, moved, renamed. On any ports. */
import { describe, expect, test } from 'vitest'
import { batchTables } from '../../../shared/batching/batch-tables.ts'
import { claimBatch } from '../../../shared/claims/claim-batch.ts'
import { applyConfig } from '../../../shared/config/apply.ts'
import { controlLayout } from '../../../shared/contracts/control-layout.ts'
import { type ClaimBatchOutput, claimReport, manifest } from '../../../shared/contracts/runs.ts'
import { noteDeletion } from '../../../shared/landing/deletion.ts'
import { landFile } from '../../../shared/landing/land-file.ts'
import { sourcesFrom } from '../../../shared/landing/sources.ts'
import { createMemoryAuditLog } from '../../../shared/memory/audit-log.ts'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import { completingReload } from '../../../shared/operate/reload.ts'
import { doVerb } from '../../../shared/operate/table-verb.ts'
import {
  CONTROL,
  item,
  KILLED,
  type Lake,
  ownerOf,
  plannedTables,
  runJob,
  STAGING,
  settle,
  type World,
  work,
} from '../../unit/claims/world.ts'
import { BASE, resolved } from '../../unit/config/support.ts'
import { newName } from './items.ts'

const [OFTEN, NIGHTLY] = ['10_min_refresh', 'nightly']
const BASE_WITHOUT_NIGHTLY = BASE.replace(/ {2}nightly.*\n/, '')

/** One table in a world that other tests use too: names of its own, and only its own configuration. */
function tableIn(world: World) {
  const name = newName().replaceAll('_', '')
  const table = `shop_${name}`
  const lake: Lake = new Map()
  const sources = sourcesFrom(world.objects, CONTROL, world.clock)
  let executions = 0

  const apply = (tables: string, base = BASE) =>
    applyConfig(resolved(`${base}tables:\n${tables.replaceAll('NAME', name)}`), {
      ...world,
      schedules: createMemorySchedules(OFTEN, NIGHTLY),
    })

  /** Puts a file and lands its event, as the file manager does; the body is its sequence. */
  async function land(file: string, body: string, folder = name): Promise<void> {
    const key = `staging/shop/${folder}/${file}.parquet`
    await world.objects.put(STAGING, key, body)
    const head = await world.objects.head(STAGING, key)
    const event = {
      id: key,
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2023-11-18T10:10:12Z',
      detail: { bucket: { name: STAGING }, object: { key, size: body.length, etag: head?.etag ?? '' } },
    } as const
    const landing = await landFile(event, { ...world, sources, stagingBucket: STAGING })
    expect(landing.result).toBe('landed')
    world.clock.advance(1000)
  }

  /** The cadence's batch-manager: the tables that it found work for. */
  async function batch(cadence: string, execution: string): Promise<string[]> {
    const { key } = await batchTables({ refresh_cadence: cadence, execution_name: execution }, world)
    const batches = manifest.parse(JSON.parse((await world.objects.get(CONTROL, key)) ?? ''))
    return batches.flatMap(({ tables }) => tables)
  }

  async function claim(cadence: string, execution: string, tables: readonly string[]) {
    const owner = ownerOf(execution)
    world.executions.set(owner, 'running')
    const input = { execution_name: execution, refresh_cadence: cadence, batch: 1, tables: [...tables], owner }
    const claimed = await claimBatch({ ...input, redrive_count: 0 }, world)
    const body = await world.objects.get(CONTROL, controlLayout.claims(claimed.run_id))
    return { execution, claimed, skipped: claimReport.parse(JSON.parse(body ?? '')).skipped }
  }

  /** Nothing is left of it, and the event of its load's deletion comes, of a second after its newest put. */
  async function truncated() {
    const put = [...(await world.files.waiting(table, 99)), ...(await world.files.settledFiles(table, 99))]
    const time = new Date((Math.max(...put.map((file) => file.put_at_s)) + 1) * 1000).toISOString()
    const event = {
      id: 'truncated',
      source: 'aws.s3',
      'detail-type': 'Object Deleted',
      time,
      detail: {
        bucket: { name: STAGING },
        object: { key: `staging/shop/${name}/${LOAD}.parquet` },
        reason: 'DeleteObject',
      },
    } as const
    async function* listed() {}
    return noteDeletion(event, { ...world, objects: { listed }, sources, stagingBucket: STAGING })
  }

  const execution = (): string => `${name}${++executions}`
  const begin = async (cadence: string) => {
    const name = execution()
    return claim(cadence, name, await batch(cadence, name))
  }
  const finish = async ({ execution, claimed }: { execution: string; claimed: ClaimBatchOutput }) => {
    await runJob(world, lake, claimed)
    const settled = await settle(world, execution, claimed)
    world.executions.set(ownerOf(execution), 'ended')
    return settled.tables.map(({ table, status, reason }) => [table, status, reason])
  }
  const run = async (cadence: string) => finish(await begin(cadence))
  const waiting = async (of = table) =>
    (await world.files.waiting(of, 99)).map((file) => /([^/]+)\.parquet$/.exec(file.file_ingestion_path)?.[1]).sort()
  /** How many files each commit had; no file is in two. */
  const commits = (of = table): number[] => {
    const files = (lake.get(of) ?? []).map((commit) => commit.files)
    expect(new Set(files.flat()).size).toBe(files.flat().length)
    return files.map(({ length }) => length)
  }
  return { name, table, lake, apply, land, batch, claim, execution, begin, finish, run, waiting, commits, truncated }
}

const LOAD = 'LOAD00000001'
const [FIRST, SECOND, THIRD] = ['20231118-101012345', '20231118-111012345', '20231118-121012345'] as const
const NOBODY = '  other.table:\n'

export function lifeContract(kind: string, makeWorld: () => World): void {
  describe(`life of a table: ${kind}`, () => {
    test('loaded again: what is put from then on waits until the load is whole; then one commit has its generation', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply('  shop.NAME: { reload: { complete_when: operator } }\n')
      await one.land(LOAD, 'rows')
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      await one.land(LOAD, 'other rows')
      await one.land(FIRST, '1')
      expect((await one.begin(OFTEN)).skipped).toEqual([{ table: one.table, reason: 'reload_is_staged' }])

      const config = await world.config.table(OFTEN, one.table)
      if (!config) throw new Error('just applied')
      const ports = { ...world, audit: createMemoryAuditLog(), newId: () => one.name, who: 'ada@laptop' }
      await doVerb(await completingReload(await item(world, one.table), config, ports), null, ports)
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      expect(await item(world, one.table)).toMatchObject({ generation: 2, reload: null })
      // Both loads may have been put in one second, and within it files have no order.
      const loaded = (await world.files.settledFiles(one.table, 9)).find(({ generation }) => generation === 2)
      expect(loaded).toMatchObject({ file_ingestion_status: 'raw_file_processed' })
      const marker = await world.files.marker(one.table, 2, loaded?.file_ingestion_path ?? '')
      expect(marker?.marker_of).toBe(loaded?.file_id)
      expect([await one.waiting(), await one.run(OFTEN), one.commits()]).toEqual([
        [FIRST],
        [[one.table, 'completed', 'committed']],
        [1, 1, 1],
      ])
    })

    test('truncated at its source: the next run empties it by a commit without files, once', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply('  shop.NAME: { on_truncate: empty }\n')
      await one.land(LOAD, 'rows')
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      await one.land(FIRST, '1')
      expect(await one.truncated()).toBe('truncated')
      expect(await item(world, one.table)).toMatchObject({ hold_reason: 'truncated_at_source' })

      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      const emptied = await item(world, one.table)
      expect(emptied).toMatchObject({ refresh_status: 'completed', generation: 2, reload: null, error: null })
      expect(emptied.truncated_at_s).toBeUndefined()
      expect([await one.waiting(), one.commits()]).toEqual([[], [1, 0]])
      const superseded = (await world.files.settledFiles(one.table, 9)).find(({ reason }) => reason === 'before_reload')
      expect(superseded?.file_ingestion_path).toContain(FIRST)
      expect([await one.truncated(), await one.run(OFTEN)]).toEqual(['nothing_loaded', []])
    })

    test('added: the files that waited for it go with the next run of its cadence', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply(NOBODY)
      await one.land(LOAD, 'rows')
      await one.land(FIRST, '1')
      expect(await one.run(OFTEN)).toEqual([])
      expect(await one.waiting()).toEqual([FIRST, LOAD])

      const { consequences } = await one.apply('  shop.NAME:\n')
      expect(consequences.added).toMatchObject([{ table: one.table, waiting_files: 2, has_data: false }])
      await one.land(SECOND, '2')
      expect(await one.run(NIGHTLY)).toEqual([])
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      expect([await one.waiting(), one.commits()]).toEqual([[], [3]])
    })

    test('removed under a run, cadence and all: the run settles, later files wait, and added again it goes on', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply('  shop.NAME: { cadence: nightly }\n')
      await one.land(LOAD, 'rows')
      await one.land(FIRST, '1')
      const running = await one.begin(NIGHTLY)
      await one.land(SECOND, '2')

      const { consequences } = await one.apply(NOBODY, BASE_WITHOUT_NIGHTLY)
      expect(consequences.removed).toMatchObject([
        { table: one.table, target: `lake.${one.table}`, waiting_files: 3, run: running.claimed.run_id },
      ])
      expect(await one.finish(running)).toEqual([[one.table, 'completed', 'committed']])
      expect(await item(world, one.table)).toMatchObject({
        refresh_status: 'completed',
        claim_owner: null,
        entry_uri: null,
        applied_max_sequence: '1',
      })
      await one.land(THIRD, '3')
      expect(await one.run(OFTEN)).toEqual([])
      expect(await one.waiting()).toEqual([SECOND, THIRD])

      await one.apply('  shop.NAME:\n')
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      expect([await one.waiting(), one.commits()]).toEqual([[], [2, 2]])
      expect(await item(world, one.table)).toMatchObject({ claim_token: 2, generation: 1, applied_max_sequence: '3' })
    })

    test('removed under a run whose result nobody knows: its files stay frozen, and added again it is looked for', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply('  shop.NAME:\n')
      await one.land(FIRST, '1')
      const running = await one.begin(OFTEN)
      for (const planned of await plannedTables(world, running.claimed))
        await work(world, one.lake, running.claimed, planned)
      await one.apply(NOBODY)
      await settle(world, running.execution, running.claimed, KILLED)
      const frozen = await item(world, one.table)
      expect(frozen).toMatchObject({ refresh_status: 'refresh_error', claim_owner: null, attempts: 1 })

      await one.land(SECOND, '2')
      // The keys that the frozen entry has can't be changed either.
      await expect(one.apply('  shop.NAME: { keys: [other] }\n')).rejects.toThrow('TG1222')
      await one.apply('  shop.NAME:\n')
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'already_committed']])
      expect(await item(world, one.table)).toMatchObject({ last_batch_id: frozen.batch_id })
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      expect([await one.waiting(), one.commits()]).toEqual([[], [1, 1]])
    })

    test('switched off under a run: the run settles, later files wait, and switched on it goes on', async () => {
      const one = tableIn(makeWorld())
      await one.apply('  shop.NAME:\n')
      await one.land(LOAD, 'rows')
      const running = await one.begin(OFTEN)
      await one.apply('  shop.NAME: { active: false }\n')
      expect(await one.finish(running)).toEqual([[one.table, 'completed', 'committed']])
      await one.land(FIRST, '1')
      expect(await one.run(OFTEN)).toEqual([])
      expect(await one.waiting()).toEqual([FIRST])
      await one.apply('  shop.NAME:\n')
      expect(await one.run(OFTEN)).toEqual([[one.table, 'completed', 'committed']])
      expect([await one.waiting(), one.commits()]).toEqual([[], [1, 1]])
    })

    test('moved under a run: the run settles, the new cadence leaves it alone till then, and goes on', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply('  shop.NAME:\n')
      await one.land(LOAD, 'rows')
      const running = await one.begin(OFTEN)
      await one.land(FIRST, '1')

      const { consequences } = await one.apply('  shop.NAME: { cadence: nightly }\n')
      expect(consequences.moved).toEqual([{ table: one.table, from: OFTEN, to: NIGHTLY, run: running.claimed.run_id }])
      const early = await one.begin(NIGHTLY)
      expect(early.skipped).toEqual([{ table: one.table, reason: 'claimed_by_a_living_run' }])
      await one.finish(early)
      expect([one.commits(), await one.waiting()]).toEqual([[], [FIRST, LOAD]])

      expect(await one.finish(running)).toEqual([[one.table, 'completed', 'committed']])
      expect(await one.run(OFTEN)).toEqual([])
      expect(await one.run(NIGHTLY)).toEqual([[one.table, 'completed', 'committed']])
      expect([await one.waiting(), one.commits()]).toEqual([[], [1, 1]])
      expect(await item(world, one.table)).toMatchObject({ refresh_cadence: NIGHTLY, claim_token: 2 })
    })

    test('moved between manifest and claim: the old cadence skips it, the new one takes it', async () => {
      const one = tableIn(makeWorld())
      await one.apply('  shop.NAME:\n')
      await one.land(LOAD, 'rows')
      const execution = one.execution()
      const found = await one.batch(OFTEN, execution)
      expect(found).toEqual([one.table])
      await one.apply('  shop.NAME: { cadence: nightly }\n')
      const late = await one.claim(OFTEN, execution, found)
      expect(late.skipped).toEqual([{ table: one.table, reason: 'not_configured' }])
      expect(await one.run(NIGHTLY)).toEqual([[one.table, 'completed', 'committed']])
      expect([await one.waiting(), one.commits()]).toEqual([[], [1]])
    })

    test('in the moment in which both cadences have it, one of two runs at once gets it', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      await one.apply('  shop.NAME:\n')
      await one.land(LOAD, 'rows')
      const config = await world.config.table(OFTEN, one.table)
      if (!config) throw new Error('was just applied')
      await world.config.putTable({ ...config, refresh_cadence: NIGHTLY })

      const runs = await Promise.all([one.begin(OFTEN), one.begin(NIGHTLY)])
      expect(runs.map(({ claimed }) => claimed.claimed).sort()).toEqual([0, 1])
      expect(runs.flatMap(({ skipped }) => skipped.map(({ reason }) => reason))).toEqual(['claimed_by_a_living_run'])
      for (const each of runs) await one.finish(each)
      expect([await one.waiting(), one.commits()]).toEqual([[], [1]])
    })

    test('renamed: never into the table of the old name, and into one of its own with nothing lost', async () => {
      const world = makeWorld()
      const one = tableIn(world)
      const renamed = `${one.table}new`
      await one.apply('  shop.NAME:\n')
      await one.land(LOAD, 'rows')
      await one.run(OFTEN)
      await one.land(FIRST, '1')
      await one.land(LOAD, 'rows', `${one.name}new`)

      await expect(one.apply('  shop.NAMEnew: { target: { table: shop_NAME } }\n')).rejects.toThrow(
        `\`${renamed}\` would write \`lake.${one.table}\`, which has the data of \`${one.table}\``,
      )
      const { consequences } = await one.apply('  shop.NAMEnew:\n')
      expect(consequences.added).toMatchObject([{ table: renamed, waiting_files: 1 }])
      expect(consequences.removed).toMatchObject([{ table: one.table, waiting_files: 1, has_data: true }])
      expect(await one.run(OFTEN)).toEqual([[renamed, 'completed', 'committed']])
      expect([one.commits(), one.commits(renamed)]).toEqual([[1], [1]])
      expect(await one.waiting()).toEqual([FIRST])
    })
  })
}
