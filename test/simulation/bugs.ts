/** Deliberate defects, each of which the simulator must find: wrappers around the ports of real use cases, and broken jobs. */
import type { TableItem } from '../../shared/contracts/ledger.ts'
import type { Plan } from '../../shared/contracts/plan.ts'
import { inner } from '../../shared/memory/state.ts'
import type { SparkRules } from './spark-rules.ts'
import type { Bug, Lambda, Ports, World } from './world.ts'

const UNFROZEN = { batch_id: null, entry_uri: null, attempts: 0, unproved_runs: [] as string[] }
const LEASE_MS = 120_000

/** The port with some methods replaced; the others stay steps of the process. */
const but = <T extends object>(port: T, methods: Partial<T>): T => Object.assign(Object.create(port), methods)

function inLambda(lambda: Lambda, change: (ports: Ports, world: World) => Partial<Ports>): NonNullable<Bug['ports']> {
  return (ports, running, world) => (running === lambda ? { ...ports, ...change(ports, world) } : ports)
}

const withoutSparkRule = (rule: keyof SparkRules, name: string): Bug => ({ name, spark: { [rule]: false } })

/** Writes whatever is stored by now, as a put without a condition does. */
function unconditional(ports: Ports, world: World): Partial<Ports> {
  const replace: Ports['tables']['replace'] = async (next, _seen, run, config) => {
    for (;;) {
      const stored = world.ports.state.tables.get(next.raw_table_name)
      const written = await ports.tables.replace(
        { ...next, revision: (stored?.revision ?? 0) + 1 },
        stored,
        run,
        config,
      )
      if (written.written) return written
    }
  }
  return { tables: but(ports.tables, { replace }) }
}

/** Settling that takes any claim of the table for its own. */
function tokenless(ports: Ports, world: World): Partial<Ports> {
  let plan: Plan | undefined
  const stored = (table: string) => world.ports.state.tables.get(table)
  const asOurs = (item: TableItem | undefined): TableItem | undefined => {
    const planned = plan?.tables.find((one) => one.table === item?.raw_table_name)
    return item && planned ? { ...item, claim_token: planned.token, batch_id: planned.entry.batch_id } : item
  }
  return {
    objects: but(ports.objects, {
      get: async (bucket, key) => {
        const body = await ports.objects.get(bucket, key)
        if (body && key.endsWith('/plan.json')) plan = JSON.parse(body) as Plan
        return body
      },
    }),
    tables: but(ports.tables, {
      get: async (table) => asOurs(await ports.tables.get(table)),
      replace: (next, ...rest) =>
        ports.tables.replace({ ...next, claim_token: stored(next.raw_table_name)?.claim_token ?? 1 }, ...rest),
    }),
    files: but(ports.files, {
      move: (proof, moves) =>
        ports.files.move({ ...proof, token: stored(proof.table)?.claim_token ?? proof.token }, moves),
    }),
  }
}

function takesOverByTime(ports: Ports): Partial<Ports> {
  const get: Ports['tables']['get'] = async (table) => {
    const item = await ports.tables.get(table)
    const expired = item?.refresh_status === 'updating_table' && ports.clock.now() - item.claimed_at_ms > LEASE_MS
    return expired ? { ...item, refresh_status: 'refresh_error', claim_owner: null, ...UNFROZEN } : item
  }
  return { tables: but(ports.tables, { get }) }
}

function forgetsHistory(ports: Ports, world: World): Partial<Ports> {
  const land: Ports['files']['land'] = async (file) => {
    const landed = await ports.files.land(file)
    if (landed !== 'already_settled') return landed
    inner(world.ports.state.waiting, file.source_table_name).set(file.file_id, file)
    return 'landed'
  }
  return { files: but(ports.files, { land }) }
}

function randomIds(ports: Ports, world: World): Partial<Ports> {
  const land: Ports['files']['land'] = (file) =>
    ports.files.land({
      ...file,
      file_id: `${file.file_id.slice(0, 13)}${world.random.fraction().toString(16).slice(2)}`,
    })
  return { files: but(ports.files, { land }) }
}

function unfreezesEveryFailure(ports: Ports): Partial<Ports> {
  const replace: Ports['tables']['replace'] = (next, ...rest) =>
    ports.tables.replace(next.refresh_status === 'refresh_error' ? { ...next, ...UNFROZEN } : next, ...rest)
  return { tables: but(ports.tables, { replace }) }
}

function tombstonesLast(ports: Ports): Partial<Ports> {
  const copies: Parameters<Ports['objects']['copy']>[] = []
  return {
    objects: but(ports.objects, {
      copy: async (...copy) => {
        copies.push(copy)
      },
    }),
    tables: but(ports.tables, {
      replace: async (...args) => {
        const replaced = await ports.tables.replace(...args)
        for (const copy of copies.splice(0)) await ports.objects.copy(...copy)
        return replaced
      },
    }),
  }
}

/** A claim that has its files moved to history at once, as if they were applied already. */
function settlesAtTheClaim(ports: Ports, world: World): Partial<Ports> {
  const replace: Ports['tables']['replace'] = async (next, seen, ...rest) => {
    const replaced = await ports.tables.replace(next, seen, ...rest)
    if (replaced.written && next.batch_id && seen?.batch_id !== next.batch_id) {
      const waiting = [...inner(world.ports.state.waiting, next.raw_table_name).values()]
      const moves = waiting.map((file) => ({
        settled: {
          ...file,
          file_ingestion_status: 'raw_file_processed' as const,
          settled_at_ms: ports.clock.now(),
          batch_id: next.batch_id ?? undefined,
          expires_at_s: 9_999_999_999,
        },
      }))
      await ports.files.move({ table: next.raw_table_name, token: next.claim_token }, moves)
    }
    return replaced
  }
  return { tables: but(ports.tables, { replace }) }
}

const takesAnEndForProof = (ports: Ports): Partial<Ports> => ({
  jobRuns: but(ports.jobRuns, { of: async () => [{ id: 'none', state: 'FAILED', over: true }] }),
  tables: but(ports.tables, {
    get: async (table) => {
      const item = await ports.tables.get(table)
      const ended = item?.claim_owner && (await ports.executions.state(item.claim_owner)) === 'ended'
      return ended ? { ...item, refresh_status: 'refresh_error', claim_owner: null, ...UNFROZEN } : item
    },
  }),
})

const takesOneForAll = (ports: Ports): Partial<Ports> => ({
  jobRuns: but(ports.jobRuns, { of: async () => [{ id: 'the one that it knows', state: 'FAILED', over: true }] }),
})

/** What an event that came late let into the generation before is not applied again with the reload. */
const forgetsWhatCameEarly = (ports: Ports): Partial<Ports> => ({
  files: but(ports.files, { settledFiles: async () => [] }),
})

/** Changes from before a reload go into its generation. */
const forgetsWhenItBegan = (ports: Ports): Partial<Ports> => ({
  tables: but(ports.tables, {
    get: async (table) => {
      const item = await ports.tables.get(table)
      return item && { ...item, generation_from_s: null }
    },
  }),
})

/** Goes by when it hears of a truncation: what the source put in between is taken for what was truncated. */
function truncatesByItsClock(ports: Ports): Partial<Ports> {
  const replace: Ports['tables']['replace'] = (next, seen, ...rest) => {
    if (next.truncated_at_s === seen?.truncated_at_s) return ports.tables.replace(next, seen, ...rest)
    const truncated_at_s = Math.floor(ports.clock.now() / 1000)
    const reload = next.reload && { ...next.reload, complete_from_s: truncated_at_s }
    return ports.tables.replace({ ...next, truncated_at_s, reload }, seen, ...rest)
  }
  return { tables: but(ports.tables, { replace }) }
}

/** Of Hudi tables, it takes every run for one that ended. */
function forgetsOtherWriters(ports: Ports, world: World): Partial<Ports> {
  const isHudi = (table: string) => world.tables.some(({ name, format }) => name === table && format === 'hudi')
  const get: Ports['tables']['get'] = async (table) => {
    const item = await ports.tables.get(table)
    return item && isHudi(table) ? { ...item, unproved_runs: [] } : item
  }
  return { tables: but(ports.tables, { get }) }
}

export const BUGS: readonly Bug[] = [
  { name: 'no condition on the claim', ports: inLambda('claim-batch', unconditional) },
  { name: 'no token on settle', ports: inLambda('settle-batch', tokenless) },
  { name: 'random file ids', ports: inLambda('file-manager', randomIds) },
  { name: 'takeover on time only', ports: inLambda('claim-batch', takesOverByTime) },
  {
    name: 'takeover when the execution has ended, whatever its job does',
    ports: inLambda('claim-batch', takesAnEndForProof),
  },
  { name: 'landing that does not look in history', ports: inLambda('file-manager', forgetsHistory) },
  { name: 'file set unfrozen after every failure', ports: inLambda('settle-batch', unfreezesEveryFailure) },
  { name: 'rejected, though another job of the run may commit', ports: inLambda('settle-batch', takesOneForAll) },
  { name: 'tombstones after the release', ports: inLambda('settle-batch', tombstonesLast) },
  { name: 'files settled when they are claimed', ports: inLambda('claim-batch', settlesAtTheClaim) },
  { name: 'a reload without what came before it was known', ports: inLambda('claim-batch', forgetsWhatCameEarly) },
  { name: 'changes from before a reload on top of it', ports: inLambda('claim-batch', forgetsWhenItBegan) },
  { name: 'a truncation as of when it is heard of', ports: inLambda('file-manager', truncatesByItsClock) },
  { name: 'a claim of a Hudi table while another job may write', ports: inLambda('claim-batch', forgetsOtherWriters) },
  withoutSparkRule('looksForItsBatch', 'no batch id check'),
  withoutSparkRule('commitsOnThePinnedSnapshot', 'a commit that conflicts with nothing'),
  withoutSparkRule('scansThePinnedSnapshot', 'scan on a later snapshot than the look-up'),
  withoutSparkRule('checksEtags', 'an overwritten file read under its old name'),
  withoutSparkRule('comparesSequences', 'older over newer'),
  withoutSparkRule('readsTombstones', 'a late file that does not ask for deletes'),
  withoutSparkRule('replacesAtReload', 'a reload that only adds'),
  withoutSparkRule('appliesAllFiles', 'partial commit'),
  withoutSparkRule('writesAlone', 'two jobs of one run that commit to a Hudi table'),
  withoutSparkRule('saysUnknown', 'unknown reported as rejected'),
]
