/** Claiming one table: the lease with its fencing token, and the frozen entry that every attempt gets. */
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem, TableRun } from '../contracts/ledger.ts'
import type { PlanEntry } from '../contracts/plan.ts'
import { dateTimeOf } from '../date-time.ts'
import { LedgerError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { type Choice, chooseFiles, obsoleteFiles, stagedReloadOf } from './choose-files.ts'
import { type ClaimingRun, claimItem, firstItem } from './claim-item.ts'
import { frozenEntry, isStillThere, newEntry, putEntry } from './entry.ts'
import { type EvidencePorts, evidenceOf, type JobEvidence, jobEvidence, stillUnproved } from './evidence.ts'
import { type Hold, holdOf, ownerGone } from './hold.ts'
import { refuseOtherLayout } from './layout.ts'
import { lostAttempt } from './lost-attempt.ts'
import { isDue } from './reload.ts'
import { otherWriter } from './single-writer.ts'
import { isAny, supersedeAll, sweep } from './supersede.ts'
import { isClaimed, isHeld, isHeldTruncated } from './table-state.ts'

export interface ClaimPorts extends EvidencePorts {
  readonly config: Pick<ConfigStore, 'cadence' | 'table'>
  readonly tables: Pick<TableLedger, 'get' | 'replace'>
  readonly files: Pick<FileLedger, 'waiting' | 'marker' | 'quarantined' | 'settledFiles' | 'move'>
  readonly objects: Pick<ObjectStore, 'head' | 'get' | 'put' | 'putIfAbsent'>
  readonly clock: Clock
  readonly signals: Signals
  readonly controlBucket: string
  /** How long a settled file is remembered; must outlive the staged object and the queues. */
  readonly historyTtlMs: number
}

export type TableClaim =
  | {
      readonly kind: 'claimed'
      readonly token: number
      readonly attempt: number
      /** Look for the batch, never apply it: files of it are gone. */
      readonly resolve_only: boolean
      readonly entry: PlanEntry
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | ({ readonly kind: 'held' } & Hold)

export type SkipReason =
  | 'claimed_by_a_living_run'
  /** The execution that had it ended, and its job has not. */
  | 'its_job_is_at_work'
  | 'not_configured'
  | 'inactive'
  | 'nothing_waits'
  /** Full-load files wait until their reload is complete, and with them what was put after it began. */
  | 'reload_is_staged'
  /** It is held, until a load comes or an operator decides. */
  | 'truncated_at_source'

/** Somebody wrote the item in between: look again. */
type Lost = 'lost'

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
  const stays = seen && isHeld(seen) && (await staysHeld(seen, run, ports))
  if (stays) return stays
  if (seen && isClaimed(seen) && seen.entry_uri !== null) {
    return seen.claim_owner === run.owner ? reenter(seen, run, ports) : meetOwner(seen, run, ports)
  }
  // Nothing is frozen: it only sweeps, and what it has not done this run does as well.
  if (seen && isClaimed(seen) && seen.claim_owner !== run.owner && (await isAlive(seen, ports)))
    return { kind: 'skipped', reason: 'claimed_by_a_living_run' }
  const config = await configOf(table, run, ports)
  if ('kind' in config) return config
  return seen?.entry_uri ? reissue(config, seen, run, ports) : claimWaiting(config, seen, run, ports)
}

/** Undefined if the hold is over: a truncated table goes on by itself once the load that stands for it is complete. */
async function staysHeld(seen: TableItem, run: ClaimingRun, ports: ClaimPorts): Promise<TableClaim | undefined> {
  const held: TableClaim = { kind: 'held', ...holdOf(seen) }
  if (!isHeldTruncated(seen)) return held
  const config = await configOf(seen.raw_table_name, run, ports)
  if ('kind' in config) return config
  const staged = await stagedReloadOf(config, seen, ports)
  if (!staged) return held
  return isDue(staged, ports.clock.now()) && !staged.obstacle
    ? undefined
    : { kind: 'skipped', reason: staged.full.length > 0 ? 'reload_is_staged' : 'truncated_at_source' }
}

async function configOf(table: string, run: ClaimingRun, ports: ClaimPorts): Promise<TableConfig | TableClaim> {
  const config = await ports.config.table(run.cadence.refresh_cadence, table)
  if (!config) return { kind: 'skipped', reason: 'not_configured' }
  return config.is_active === 'Y' ? config : { kind: 'skipped', reason: 'inactive' }
}

/**
 * A claim is re-entrant for its owner: the same token, the same entry. A redriven execution has another run id: it is the same
 * claim if the run before it came to no job, and a claim of its own, with a token of its own, if that had one.
 */
async function reenter(seen: TableItem, run: ClaimingRun, ports: ClaimPorts): Promise<TableClaim | Lost> {
  if (seen.glue_job_run_id !== run.run_id) {
    const evidence = await jobEvidence(seen, run.cadence.glue_job_name, ports)
    if (evidence !== 'never_started') return afterOwner(evidence, seen, run, ports)
    const next = { ...seen, revision: seen.revision + 1, glue_job_run_id: run.run_id }
    return (await ports.tables.replace(next, seen)).written ? reenter(next, run, ports) : 'lost'
  }
  const entry = await frozenEntry(seen, ports.objects)
  await finishClaim(seen, entry, run, ports)
  return claimed(seen, entry, await resolveOnly(seen, entry, ports))
}

/** Another run has it. A living one is left alone; what becomes of a dead one's claim is told by its job. */
async function meetOwner(seen: TableItem, run: ClaimingRun, ports: ClaimPorts): Promise<TableClaim | Lost> {
  const evidence = await evidenceOf(seen, run.cadence.glue_job_name, ports)
  if (evidence === 'execution_runs') return { kind: 'skipped', reason: 'claimed_by_a_living_run' }
  if (evidence === 'execution_unknown') return hold(seen, ownerGone(seen, evidence), ports, seen)
  return afterOwner(evidence, seen, run, ports)
}

/** The execution of the claim is past its job. Only a job that surely is over, or never was, lets this run take the claim. */
async function afterOwner(
  evidence: JobEvidence,
  seen: TableItem,
  run: ClaimingRun,
  ports: ClaimPorts,
): Promise<TableClaim | Lost> {
  if (evidence === 'at_work') return { kind: 'skipped', reason: 'its_job_is_at_work' }
  if (evidence === 'unknown') return hold(seen, ownerGone(seen, 'job_unknown'), ports, seen)
  const config = await configOf(seen.raw_table_name, run, ports)
  if ('kind' in config) return config
  const entry = await frozenEntry(seen, ports.objects)
  const lost = lostAttempt(seen, entry, evidence, ports.clock.now())
  // owner A     [ updating_table, token 7 ]  (execution ended, job over)
  // claimer B   get (revision 9) ─ evidence ─ replace if revision = 9: written, token 8, history says what became of A
  // A's settling, if it still comes: finds no claim with token 7, and says what history says
  if (lost.item.refresh_status === 'held') {
    const { written } = await ports.tables.replace(lost.item, seen, lost.run)
    return written ? { kind: 'held', ...holdOf(lost.item) } : 'lost'
  }
  return claimAgain(config, lost.item, seen, entry, run, ports, lost.run)
}

const asked = (run: ClaimingRun, ports: ClaimPorts) => [run.cadence.glue_job_name, ports.clock.now(), ports] as const

/** What becomes of the claim when another run's job may still write; undefined if none may. */
async function keptBy(
  other: ReturnType<typeof otherWriter>,
  seen: TableItem,
  ports: ClaimPorts,
): Promise<TableClaim | Lost | undefined> {
  const found = await other
  if (found === 'at_work') return { kind: 'skipped', reason: 'its_job_is_at_work' }
  return found && hold({ ...seen, ...found.unproved }, found.hold, ports, seen)
}

const isAlive = async (seen: TableItem, ports: ClaimPorts): Promise<boolean> =>
  seen.claim_owner !== null && (await ports.executions.state(seen.claim_owner)) === 'running'

/** The batch of an earlier attempt is not resolved: the very same entry again, under a new token, while new files wait. */
async function reissue(
  config: TableConfig,
  seen: TableItem,
  run: ClaimingRun,
  ports: ClaimPorts,
): Promise<TableClaim | Lost> {
  return claimAgain(config, seen, seen, await frozenEntry(seen, ports.objects), run, ports)
}

async function claimAgain(
  config: TableConfig,
  base: TableItem,
  seen: TableItem,
  entry: PlanEntry,
  run: ClaimingRun,
  ports: ClaimPorts,
  lost?: TableRun,
): Promise<TableClaim | Lost> {
  const kept = await keptBy(otherWriter(seen, entry.target, ...asked(run, ports)), seen, ports)
  if (kept) return kept
  const next = {
    ...claimItem(base, seen, config, run, ports.clock.now()),
    attempts: seen.attempts + 1,
    ...(await stillUnproved(seen, run.cadence.glue_job_name, ports.clock.now(), ports)),
  }
  if (!(await ports.tables.replace(next, seen, lost)).written) return 'lost'
  return claimed(next, entry, await resolveOnly(next, entry, ports))
}

/**
 * Files of an entry that was given out before may be gone by now, and the table may have a newer generation: then the table is
 * asked, and nothing is applied.
 */
const resolveOnly = async (item: TableItem, entry: PlanEntry, ports: ClaimPorts): Promise<boolean> =>
  item.attempts > 1 && (entry.generation.id < item.generation || !(await isStillThere(entry, ports.objects)))

async function claimWaiting(
  config: TableConfig,
  seen: TableItem | undefined,
  run: ClaimingRun,
  ports: ClaimPorts,
): Promise<TableClaim | Lost> {
  refuseOtherLayout(config, seen)
  const table = config.source_table_name
  const choice = await chooseFiles(config, seen, run.cadence, ports)
  const first = seen ?? firstItem(config, run, ports.clock.now())
  if (choice.kind === 'hold') return hold(first, choice, ports, seen)
  if (choice.kind === 'nothing') {
    const isSwept = await leaveNothingObsolete(choice, first, seen, config, run, ports)
    return isSwept ? { kind: 'skipped', reason: choice.reason } : 'lost'
  }
  const kept = seen && (await keptBy(otherWriter(seen, config.target, ...asked(run, ports)), seen, ports))
  if (kept) return kept
  const entry = newEntry(config, choice, seen, ports.controlBucket)
  const entryUri = await putEntry(table, entry, ports.controlBucket, ports.objects)
  // claimer A  get (revision 7) ── put entry A ──────────────── replace if revision = 7: written, revision 8, token 42
  // claimer B       get (revision 7) ── put entry B ─────────────────── replace if revision = 7: lost, sees A's item
  const next = {
    ...claimItem(first, seen, config, run, ports.clock.now()),
    batch_id: entry.batch_id,
    entry_uri: entryUri,
    attempts: 1,
    unproved_runs: [],
    unproved_since_ms: undefined,
  }
  // Of a table without data `config apply` may change keys, mode and target: the claim is of the configuration that it read.
  const asRead = seen?.last_snapshot == null ? config : undefined
  if (!(await ports.tables.replace(next, seen, undefined, asRead)).written) return 'lost'
  await supersedeAll(next, choice.obsolete, ports)
  return claimed(next, entry, false)
}

/** Also ends a sweep that died, of which nothing may be left but its claim. False if somebody else wrote the item. */
async function leaveNothingObsolete(
  { obsolete }: Choice,
  first: TableItem,
  seen: TableItem | undefined,
  config: TableConfig,
  run: ClaimingRun,
  ports: ClaimPorts,
): Promise<boolean> {
  if (!isAny(obsolete) && !isClaimed(seen)) return true
  const isOwn = isClaimed(seen) && first.claim_owner === run.owner
  const sweeper = isOwn ? first : claimItem(first, seen, config, run, ports.clock.now())
  return sweep(sweeper, seen, obsolete, ports)
}

/** What a claim does after its conditional write, done again when its owner comes back: obsolete files leave the tracker. */
async function finishClaim(item: TableItem, entry: PlanEntry, run: ClaimingRun, ports: ClaimPorts): Promise<void> {
  if (item.attempts > 1) return
  const { overwritten, ...others } = await obsoleteFiles(item, run.cadence, ports)
  const frozen = new Set(entry.files.map((file) => file.file_id))
  await supersedeAll(item, { overwritten: overwritten.filter((file) => !frozen.has(file.file_id)), ...others }, ports)
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

const claimed = (item: TableItem, entry: PlanEntry, resolve_only: boolean): TableClaim => ({
  kind: 'claimed',
  token: item.claim_token,
  attempt: item.attempts,
  resolve_only,
  entry,
})
