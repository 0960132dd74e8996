/** What an operator's verbs do to runs that go on meanwhile: nothing lost, nothing twice, on any ports. */
import { describe, expect, test } from 'vitest'
import type { SettledFile } from '../../../shared/contracts/ledger.ts'
import { LedgerError } from '../../../shared/errors.ts'
import type { Evidence } from '../../../shared/operate/evidence.ts'
import { holding } from '../../../shared/operate/hold.ts'
import { discardFile, releaseFile } from '../../../shared/operate/quarantine.ts'
import { releasing } from '../../../shared/operate/release.ts'
import { doVerb, itemOf } from '../../../shared/operate/table-verb.ts'
import { unlocking } from '../../../shared/operate/unlock.ts'
import type { AuditLog } from '../../../shared/ports/audit-log.ts'
import {
  cadenceConfig,
  claim,
  ENDED,
  type Lake,
  ownerOf,
  plannedTables,
  putFile,
  putOutcome,
  runJob,
  STAGING,
  settle,
  tableConfig,
  type World,
  work,
} from '../../unit/claims/world.ts'
import { claimed, landed, newName, quarantined } from './items.ts'

const NOTHING_KNOWN: Evidence = { execution: 'ended', job: 'unknown', job_runs: [] }

async function tableIn(world: World & { audit: AuditLog }) {
  const name = newName().replaceAll('_', '')
  const table = `shop_${name}`
  let ids = 0
  const ports = { ...world, newId: () => `${name}-${++ids}`, who: 'ada@laptop' }
  await world.config.putCadence(cadenceConfig())
  await world.config.putTable(tableConfig(table))
  const lake: Lake = new Map()
  const begin = async (execution: string) => {
    world.executions.set(ownerOf(`${name}${execution}`), 'running')
    return claim(world, `${name}${execution}`, [table])
  }
  return {
    table,
    ports,
    lake,
    land: (file: string, body: string) => putFile(world, table, file, body),
    begin,
    settle: (execution: string, run: Awaited<ReturnType<typeof begin>>) =>
      settle(world, `${name}${execution}`, run, ENDED),
    finish: async (execution: string) => {
      const run = await begin(execution)
      await runJob(world, lake, run)
      return (await settle(world, `${name}${execution}`, run)).tables.map(({ status, reason }) => [status, reason])
    },
    hold: async () => doVerb(holding(await itemOf(table, ports), 'because'), 'because', ports),
    release: async () => doVerb(releasing(await itemOf(table, ports)), null, ports),
    unlock: async () => doVerb(unlocking(await itemOf(table, ports), NOTHING_KNOWN, true), 'I looked', ports),
    audit: async () =>
      (await ports.audit.recent(99)).filter(({ target }) => target === table).map(({ verb, result }) => [verb, result]),
  }
}

const [FIRST, SECOND] = ['20231118-101012345.parquet', '20231118-111012345.parquet']

export function operateContract(kind: string, makeWorld: () => World & { audit: AuditLog }): void {
  describe(`operator verbs: ${kind}`, () => {
    test('a held table is left alone by runs, its files wait, and released it goes on', async () => {
      const one = await tableIn(makeWorld())
      await one.land(FIRST, '1')
      expect(await one.finish('a')).toEqual([['completed', 'committed']])
      await one.land(SECOND, '2')
      await one.hold()
      expect(await one.finish('b')).toEqual([['held', 'held_by_operator']])
      await one.release()
      expect(await one.finish('c')).toEqual([['completed', 'committed']])
      expect(await one.audit()).toEqual([
        ['release', 'done'],
        ['hold', 'done'],
      ])
    })

    test('hold and claim at one moment: one of them has the table, the other is told', async () => {
      const one = await tableIn(makeWorld())
      await one.land(FIRST, '1')
      await one.finish('a')
      await one.land(SECOND, '2')
      const [run, held] = await Promise.allSettled([one.begin('b'), one.hold()])
      if (run.status !== 'fulfilled') throw run.reason
      expect(run.value.claimed).toBe(held.status === 'fulfilled' ? 0 : 1)
      if (held.status === 'rejected') expect(held.reason).toBeInstanceOf(LedgerError)
      if (run.value.claimed === 1) await runJob(one.ports, one.lake, run.value)
      await one.settle('b', run.value)
      if (held.status === 'fulfilled') await one.release()
      await one.finish('c')
      expect(one.lake.get(one.table)?.map(({ files }) => files.length)).toEqual([1, 1])
      expect(await one.ports.files.waiting(one.table, 9)).toEqual([])
    })

    test('[frozen-set] unlocked by force under a run that commits: its outcome settles nothing, the next run finds the batch', async () => {
      const one = await tableIn(makeWorld())
      await one.land(FIRST, '1')
      const run = await one.begin('a')
      const [planned] = await plannedTables(one.ports, run)
      if (!planned) throw new Error('was claimed')
      await one.unlock()
      await one.land(SECOND, '2')
      // The zombie goes on as if nothing had happened.
      await putOutcome(one.ports, await work(one.ports, one.lake, run, planned), { ...planned, run_id: run.run_id })
      expect((await one.settle('a', run)).tables).toMatchObject([{ status: 'skipped', reason: 'claim_passed_on' }])
      expect(await itemOf(one.table, one.ports)).toMatchObject({
        refresh_status: 'refresh_error',
        batch_id: planned.entry.batch_id,
        unproved_runs: [run.run_id],
      })
      expect(await one.finish('b')).toEqual([['completed', 'already_committed']])
      expect(await one.finish('c')).toEqual([['completed', 'committed']])
      expect(one.lake.get(one.table)?.map(({ files }) => files.length)).toEqual([1, 1])
    })

    test('two operators at one moment: one does it, the other changes nothing', async () => {
      const one = await tableIn(makeWorld())
      await one.land(FIRST, '1')
      await one.finish('a')
      const preview = holding(await itemOf(one.table, one.ports), 'because')
      const both = await Promise.allSettled([1, 2].map(() => doVerb(preview, 'because', one.ports)))
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect((await itemOf(one.table, one.ports)).revision).toBe(preview.after.revision)
      expect((await one.audit()).sort()).toEqual([
        ['hold', 'done'],
        ['hold', 'failed'],
      ])
    })

    test('two decisions about a quarantined file at one moment: one is done, the other changes nothing', async () => {
      const { ports } = await tableIn(makeWorld())
      const table = newName()
      const key = `${table}/poison.parquet`
      await ports.objects.put(STAGING, key, 'poison')
      const etag = (await ports.objects.head(STAGING, key))?.etag ?? ''
      const file = landed(table, 1, { file_ingestion_s3_bucket: STAGING, file_ingestion_path: key, etag })
      await ports.files.land(file)
      await ports.tables.replace(claimed(table), undefined)
      const seen: SettledFile = quarantined(file)
      await ports.files.move({ table, token: 7 }, [{ settled: seen }])
      const both = await Promise.allSettled([releaseFile(seen, null, ports), discardFile(seen, 'resent', ports)])
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const released = both[0]?.status === 'fulfilled'
      expect(await ports.files.waiting(table, 9)).toHaveLength(released ? 1 : 0)
      expect(await ports.files.settled(table, seen.file_id)).toEqual(
        released ? undefined : { ...seen, quarantine: { ...seen.quarantine, discarded_at_ms: ports.clock.now() } },
      )
    })
  })
}
