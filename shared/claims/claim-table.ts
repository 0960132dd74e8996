/** Claiming one table: the lease with its fencing token, and the frozen entry that every attempt gets. */
import type { BatchConfig, TableConfig } from '../contracts/config.ts'
import type { LandedFile, TableItem } from '../contracts/ledger.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import { dateTimeOf } from '../date-time.ts'
import { LedgerError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { Executions } from '../ports/executions.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { frozenEntry, newEntry, putEntry } from './entry.ts'
import { fileSetOf, waitingFiles } from './file-set.ts'
import { fullLoadPutAgain, type Hold, holdOf, nameCollision, ownerGone } from './hold.ts'
import { supersede } from './supersede.ts'
import { isClaimed, isHeld } from './table-state.ts'

export interface ClaimPorts {
  readonly config: Pick<ConfigStore, 'cadence' | 'table'>
  readonly tables: Pick<TableLedger, 'get' | 'replace'>
  readonly files: Pick<FileLedger, 'waiting' | 'marker' | 'move'>
  readonly objects: Pick<ObjectStore, 'head' | 'get' | 'put' | 'putIfAbsent'>
  readonly executions: Executions
  readonly clock: Clock
  readonly signals: Signals
  readonly controlBucket: string
  /** How long a settled file is remembered; must outlive the staged object and the queues. */
  readonly historyTtlMs: number
}

/** The run that claims: one Map child. */
export interface ClaimingRun {
  readonly run_id: string
  readonly owner: string
  readonly cadence: BatchConfig
}

export type TableClaim =
  | { readonly kind: 'claimed'; readonly token: number; readonly attempt: number; readonly entry: PlanEntry }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | ({ readonly kind: 'held' } & Hold)

export type SkipReason =
  | 'claimed_by_a_living_run'
  | 'not_configured'
  | 'inactive'
  /** Only CSV files wait, which this version can't read. */
  | 'only_csv_waits'
  | 'nothing_waits'

/** Somebody wrote the item in between: look again. */
type Lost = 'lost'

/** The job's number for a planned file that has other bytes now: its newer put may wait far behind. */
const FILE_OVERWRITTEN = 'TG2102'

/** More than two rounds need more than two writers in one moment. */
const ROUNDS = 8

/**
 * Claims the table for the run, or says why not. Calling it again for the same run gives the same claim, after a crash at any
 * point too. Throws what ports throw, and LedgerError TG3107 when others write faster than it can look.
 */
export async function claimTable(table: string, run: ClaimingRun, ports: ClaimPorts): Promise<TableClaim> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const claim = await claimSeen(table, await ports.tables.get(table), run, ports)
    if (claim !== 'lost') return claim
  }
  throw new LedgerError(
    'TG3107',
    `The item of \`${table}\` changed \`${ROUNDS}\` times while \`${run.run_id}\` tried to claim it. The next run tries again.`,
    { certainty: 'transient' },
  )
}

async function claimSeen(
  table: string,
  seen: TableItem | undefined,
  run: ClaimingRun,
  ports: ClaimPorts,
): Promise<TableClaim | Lost> {
  if (seen && isHeld(seen)) return { kind: 'held', ...holdOf(seen) }
  if (seen && isClaimed(seen)) {
    return seen.claim_owner === run.owner ? reenter(seen, run, ports) : meetOwner(seen, ports)
  }
  const config = await ports.config.table(run.cadence.refresh_cadence, table)
  if (!config) return { kind: 'skipped', reason: 'not_configured' }
  if (config.is_active !== 'Y') return { kind: 'skipped', reason: 'inactive' }
  return seen?.entry_uri ? reissue(seen, run, ports) : claimWaiting(config, seen, run, ports)
}

/** A claim is re-entrant for its owner: the same token, the same entry. A redrive has another run id, which is noted. */
async function reenter(seen: TableItem, run: ClaimingRun, ports: ClaimPorts): Promise<TableClaim | Lost> {
  const entry = await frozenEntry(seen, ports.objects)
  if (seen.glue_job_run_id !== run.run_id) {
    const next = { ...seen, revision: seen.revision + 1, glue_job_run_id: run.run_id }
    if (!(await ports.tables.replace(next, seen)).written) return 'lost'
  }
  await finishClaim(seen, entry, run, ports)
  return claimed(seen, entry)
}

/** Another run has it. A living one is left alone; a dead one's job may still run, so its claim is never taken here. */
async function meetOwner(seen: TableItem, ports: ClaimPorts): Promise<TableClaim | Lost> {
  const state = seen.claim_owner ? await ports.executions.state(seen.claim_owner) : 'unknown'
  if (state === 'running') return { kind: 'skipped', reason: 'claimed_by_a_living_run' }
  return hold(seen, ownerGone(seen, state), ports, seen)
}

/** The batch of an earlier attempt is not resolved: the very same entry again, under a new token, while new files wait. */
async function reissue(seen: TableItem, run: ClaimingRun, ports: ClaimPorts): Promise<TableClaim | Lost> {
  const entry = await frozenEntry(seen, ports.objects)
  const next = claimItem(seen, seen, run, ports)
  const { written } = await ports.tables.replace({ ...next, attempts: seen.attempts + 1 }, seen)
  return written ? claimed({ ...next, attempts: seen.attempts + 1 }, entry) : 'lost'
}

async function claimWaiting(
  config: TableConfig,
  seen: TableItem | undefined,
  run: ClaimingRun,
  ports: ClaimPorts,
): Promise<TableClaim | Lost> {
  const table = config.source_table_name
  const set = await fileSetOf(await waiting(table, run, seen, ports), capsOf(run), ports.objects)
  ports.signals.count('FilesWaitingUnreadable', set.unreadable.length)
  if (set.chosen.length === 0) {
    return { kind: 'skipped', reason: set.unreadable.length > 0 ? 'only_csv_waits' : 'nothing_waits' }
  }
  const first = seen ?? firstItem(config, run, ports.clock)
  const trouble =
    nameCollision(config, set.chosen) ?? (await fullLoadPutAgain(table, first.generation, set, ports.files))
  if (trouble) return hold(first, trouble, ports, seen)

  const entry = newEntry(config, set.chosen, seen, ports.controlBucket)
  const entryUri = await putEntry(table, entry, ports.controlBucket, ports.objects)
  // claimer A  get (revision 7) ── put entry A ──────────────── replace if revision = 7: written, revision 8, token 42
  // claimer B       get (revision 7) ── put entry B ─────────────────── replace if revision = 7: lost, sees A's item
  const next = { ...claimItem(first, seen, run, ports), batch_id: entry.batch_id, entry_uri: entryUri, attempts: 1 }
  if (!(await ports.tables.replace(next, seen)).written) return 'lost'
  await supersede(next, set.overwritten, ports)
  return claimed(next, entry)
}

/** What a claim does after its conditional write, done again when its owner comes back: overwritten files leave the tracker. */
async function finishClaim(item: TableItem, entry: PlanEntry, run: ClaimingRun, ports: ClaimPorts): Promise<void> {
  if (item.attempts > 1) return
  const set = await fileSetOf(await waiting(item.raw_table_name, run, item, ports), capsOf(run), ports.objects)
  const frozen = new Set(entry.files.map((file) => file.file_id))
  await supersede(
    item,
    set.overwritten.filter((file) => !frozen.has(file.file_id)),
    ports,
  )
}

async function hold(
  item: TableItem,
  { reason, error }: Hold,
  ports: ClaimPorts,
  seen: TableItem | undefined,
): Promise<TableClaim | Lost> {
  const next: TableItem = {
    ...item,
    revision: (seen?.revision ?? 0) + 1,
    refresh_status: 'held',
    refresh_end_time: dateTimeOf(ports.clock.now()),
    hold_reason: reason,
    error,
  }
  return (await ports.tables.replace(next, seen)).written ? { kind: 'held', reason, error } : 'lost'
}

const claimed = (item: TableItem, entry: PlanEntry): TableClaim => ({
  kind: 'claimed',
  token: item.claim_token,
  attempt: item.attempts,
  entry,
})

const capsOf = ({ cadence }: ClaimingRun) => ({
  files: cadence.max_files_per_claim,
  bytes: cadence.max_bytes_per_claim,
})

const waiting = (
  table: string,
  run: ClaimingRun,
  seen: TableItem | undefined,
  ports: ClaimPorts,
): Promise<LandedFile[]> => waitingFiles(table, capsOf(run), seen?.error?.code === FILE_OVERWRITTEN, ports.files)

/** The item as the claim writes it: the token grows, whatever became of the claim before. */
const claimItem = (base: TableItem, seen: TableItem | undefined, run: ClaimingRun, ports: ClaimPorts): TableItem => ({
  ...base,
  revision: (seen?.revision ?? 0) + 1,
  refresh_status: 'updating_table',
  refresh_start_time: dateTimeOf(ports.clock.now()),
  refresh_end_time: null,
  glue_job_run_id: run.run_id,
  engine_run_id: null,
  refresh_cadence: run.cadence.refresh_cadence,
  claim_token: (seen?.claim_token ?? 0) + 1,
  claim_owner: run.owner,
  claimed_at_ms: ports.clock.now(),
  hold_reason: null,
})

/** What is known of a table before its first claim. */
const firstItem = (config: TableConfig, run: ClaimingRun, clock: Clock): TableItem => ({
  raw_table_name: config.source_table_name,
  revision: 1,
  refresh_status: 'completed',
  refresh_start_time: dateTimeOf(clock.now()),
  refresh_end_time: null,
  glue_job_run_id: run.run_id,
  engine_run_id: null,
  refresh_cadence: run.cadence.refresh_cadence,
  schema_name: config.schema_name,
  table_name: config.table_name,
  claim_token: 1,
  claim_owner: null,
  claimed_at_ms: clock.now(),
  batch_id: null,
  entry_uri: null,
  attempts: 0,
  unproved_runs: [],
  failed_attempts: 0,
  max_attempts: 5,
  generation: 1,
  applied_max_sequence: null,
  last_snapshot: null,
  last_committed_at_ms: null,
  last_batch_id: null,
  fresh_as_of_s: null,
  hold_reason: null,
  error: null,
})
