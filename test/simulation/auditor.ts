/** After a history: what the tables hold, what the ledger says, and what was put must be one story. */
import type { SettledFile } from '../../shared/contracts/ledger.ts'
import { versionOf } from './batch.ts'
import { isBeyondHelp } from './known.ts'
import { type Change, foldOf, type Snapshot, textOf } from './lake.ts'
import type { SimulatedTable } from './script.ts'
import type { Put, World } from './world.ts'

export function audit(world: World): void {
  for (const table of world.tables) {
    const { name, mode, format } = table
    const settled = world.ports.state.settled.get(name) ?? new Map<string, SettledFile>()
    oneCommitForEachFile(world, table, settled)
    everyFileEnds(world, name, settled)
    truncatedOnce(world, table)
    tableIsTheFold(world, name, mode, settled)
    if (format === 'hudi') oneWriterAtATime(world, name)
  }
}

/** Generations that began with a put or a truncation; no history that has truncations has reloads. */
const begunOf = (world: World, table: string): number =>
  world.lakeOf(table).commits.filter(({ from_s }) => from_s !== undefined).length

/** When the newest generation began, if it began with the table's truncation. */
const emptiedAt = (world: World, table: string): number =>
  begunOf(world, table) > 0 ? (world.truncations.get(table) ?? 0) : 0

/** A table whose rows were to go has begun a generation since, once; one whose rows were to stay only if a load came. */
function truncatedOnce(world: World, { name, truncated }: SimulatedTable): void {
  const atS = world.truncations.get(name)
  if (atS === undefined || mustWait(world, name)) return
  const isLoaded = [...world.puts.values()].some(
    ({ table, key, file_id }) => table === name && key.includes('/LOAD') && putAt(file_id) >= atS,
  )
  const begun = begunOf(world, name)
  const least = truncated === 'release' ? 0 : 1
  if (begun < least || begun > (isLoaded ? 1 : least))
    world.violated('generations', `${name}: ${begun} generations began with its truncation`)
  const pending = world.ports.state.tables.get(name)?.truncated_at_s
  if (pending !== undefined) world.violated('generations', `${name}: its truncation at ${pending} is not dealt with`)
}

/** Hudi takes whatever is committed, so nobody may commit between the look of a job and its commit. */
function oneWriterAtATime(world: World, table: string): void {
  for (const { id, parent, looked_at } of world.lakeOf(table).commits) {
    if (looked_at === undefined || looked_at === parent) continue
    world.violated('evidence', `${table}: commit ${id} was made on ${looked_at ?? 'nothing'}, and ${parent} was there`)
  }
}

const mustWait = (world: World, table: string): boolean => isBeyondHelp(world.ports.state.tables.get(table))

function oneCommitForEachFile(
  world: World,
  { name: table, mode }: SimulatedTable,
  settled: ReadonlyMap<string, SettledFile>,
): void {
  const appliedBy = new Map<string, Snapshot>()
  let token = 0
  for (const commit of world.lakeOf(table).commits) {
    if (commit.token < token) {
      world.violated('evidence', `${table}: token ${commit.token} was committed after ${token}`)
    }
    token = commit.token
    for (const file of commit.files) {
      const earlier = appliedBy.get(file)
      const record = settled.get(file)
      // Applied again on purpose, and whether that changed anything but what was lost, the table shows.
      if (record?.backfilled_at_ms !== undefined && mode === 'S') continue
      if (earlier?.generation === commit.generation)
        world.violated(
          'commit-authority',
          `${table}: ${short(file)} is in ${short(earlier.batch_id)} and ${short(commit.batch_id)}`,
        )
      // A reload applies again what came into the generation before too early; history keeps the first time.
      if (earlier) continue
      appliedBy.set(file, commit)
      if (record?.batch_id !== commit.batch_id && !mustWait(world, table)) {
        world.violated(
          'frozen-set',
          `${table}: ${short(commit.batch_id)} is committed, ${short(file)} settled as ${short(record?.batch_id ?? 'nothing')}`,
        )
      }
    }
  }
}

/** When the file was put, in seconds. */
const putAt = (fileId: string): number => Number(fileId.slice(0, 12))

/**
 * When the newest full load began, by the puts alone: a key that the load has had, put again, begins the next one. Of files that
 * were landed, that is, and not after a newer put of their key.
 */
function newestLoad(world: World, table: string, settled: ReadonlyMap<string, SettledFile>): number {
  const known = [...world.puts.values()].filter(({ table: of, key, file_id }) => {
    const record = settled.get(file_id)
    return of === table && key.includes('/LOAD') && record !== undefined && record.reason !== 'overwritten'
  })
  let start = 0
  const latest = new Map<string, number>()
  for (const { key, file_id } of known.sort((a, b) => putAt(a.file_id) - putAt(b.file_id))) {
    const [before, now] = [latest.get(key), putAt(file_id)]
    if (before !== undefined && before >= start && before < now) start = now
    latest.set(key, now)
  }
  return start
}

/** Processed or superseded, and superseded only if its key was put again or a reload stands for it; the newest put of a key is always applied. */
function everyFileEnds(world: World, table: string, settled: ReadonlyMap<string, SettledFile>): void {
  const truncatedAtS = world.truncations.get(table) ?? 0
  const isDeleted = (file_id: string) =>
    putAt(file_id) < truncatedAtS && !world.ports.state.settled.get(table)?.has(file_id)
  // What was deleted before anybody heard of it was never there.
  const newest = new Set([...newestPuts(world, table)].filter((file_id) => !isDeleted(file_id)))
  const load = Math.max(newestLoad(world, table, settled), truncatedAtS)
  for (const [file_id, record] of settled) {
    if (!world.puts.has(file_id)) world.violated('reconcile', `${table}: ${short(file_id)} was never put`)
    if (record.file_ingestion_status === 'raw_file_superseded' && newest.has(file_id) && putAt(file_id) >= load) {
      world.violated('reconcile', `${table}: ${short(file_id)} is superseded, and nothing came after it`)
    }
    if (record.file_ingestion_status === 'raw_file_quarantined' && !mayBeQuarantined(world, world.puts.get(file_id))) {
      world.violated('all-or-nothing', `${table}: ${short(file_id)} is in quarantine, and nothing is wrong with it`)
    }
    if (record.file_ingestion_status === 'raw_file_processed' && world.puts.get(file_id)?.poisoned) {
      world.violated('all-or-nothing', `${table}: ${short(file_id)} is processed, and nobody can read it`)
    }
  }
  if (mustWait(world, table)) return
  for (const file_id of newest) {
    if (!settled.has(file_id))
      world.violated('reconcile', `${table}: ${short(file_id)} is not settled: ${stateOf(world, table)}`)
  }
  for (const file_id of world.ports.state.waiting.get(table)?.keys() ?? []) {
    if (!newest.has(file_id))
      world.violated('reconcile', `${table}: ${short(file_id)} still waits: ${stateOf(world, table)}`)
  }
}

/** Put aside for a reason: it can't be read, or was not there when it was to be read. */
const mayBeQuarantined = (world: World, put: Put | undefined): boolean =>
  put !== undefined && (put.poisoned || world.everGone.has(put.key))

/** Ids of the puts whose bytes are still there. */
function newestPuts(world: World, table: string): Set<string> {
  const byKey = new Map<string, string>()
  for (const put of world.puts.values()) if (put.table === table) byKey.set(put.key, put.file_id)
  return new Set(byKey.values())
}

function tableIsTheFold(world: World, table: string, mode: 'S' | 'H', settled: ReadonlyMap<string, SettledFile>): void {
  const processed: Put[] = []
  for (const record of settled.values()) {
    const put = world.puts.get(record.file_id)
    if (put && record.file_ingestion_status === 'raw_file_processed') processed.push(put)
  }
  const snapshot = world.lakeOf(table).current
  if (mustWait(world, table)) return
  if (mode === 'H') {
    const expected = processed.flatMap((put) => put.changes.map((change) => versionOf(put.file_id, change)))
    compare(world, `${table} (historical)`, expected, snapshot?.versions ?? [])
    return
  }
  const load = Math.max(newestLoad(world, table, settled), emptiedAt(world, table))
  const present = [...processed, ...remembered(world, table, settled)].filter((put) => putAt(put.file_id) >= load)
  const applied = asApplied(world, table, present)
  const rows = [...foldOf(applied.flatMap((put) => put.changes)).values()].filter((change) => change.op !== 'D')
  // Of equal sequences the first applied stays; in a batch of files that came by several it is the one put first.
  const told = world.appliedAgain.has(table) ? (change: Change) => `${change.key}=${change.seq}` : textOf
  compare(world, `${table} (snapshot)`, rows.map(told), [...(snapshot?.rows.values() ?? [])].map(told))
}

/** Deletes of files that were applied, were to be applied again, and are in quarantine since: the tombstone log has them (rule 6). */
function remembered(world: World, table: string, settled: ReadonlyMap<string, SettledFile>): Put[] {
  const committed = new Set(commitsOfGeneration(world, table).flatMap(({ files }) => files))
  return [...settled.values()].flatMap(({ file_id, file_ingestion_status }) => {
    const put = world.puts.get(file_id)
    if (!put || file_ingestion_status !== 'raw_file_quarantined' || !committed.has(file_id)) return []
    return [{ ...put, changes: put.changes.filter(({ op }) => op === 'D') }]
  })
}

/** In the order in which they came into the newest generation: of equal sequences the first stays. */
function asApplied(world: World, table: string, puts: readonly Put[]): Put[] {
  const commits = commitsOfGeneration(world, table)
  const firstOf = new Map<string, number>()
  for (const [at, { files }] of commits.entries()) {
    for (const file of files) if (!firstOf.has(file)) firstOf.set(file, at)
  }
  const place = ({ file_id }: Put) => firstOf.get(file_id) ?? commits.length
  return [...puts].sort((a, b) => place(a) - place(b) || (a.file_id < b.file_id ? -1 : 1))
}

function commitsOfGeneration(world: World, table: string): Snapshot[] {
  const { commits, current } = world.lakeOf(table)
  return commits.filter(({ generation }) => generation === current?.generation)
}

function compare(world: World, what: string, expected: readonly string[], found: readonly string[]): void {
  const [should, is] = [[...expected].sort().join(', '), [...found].sort().join(', ')]
  if (should !== is) world.violated('sequence-guard', `${what} holds [${is}] and should hold [${should}]`)
}

function stateOf(world: World, table: string): string {
  const item = world.ports.state.tables.get(table)
  return item ? `${item.refresh_status} ${item.hold_reason ?? ''} ${item.error?.code ?? ''}` : 'no item'
}

const short = (id: string): string =>
  id
    .replace('sha256:', '')
    .replace(/^\d{6}/, '')
    .slice(0, 14)
