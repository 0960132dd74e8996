/** Settling one table: tombstones published, then files moved, then the table released. A crash in between is repeated. */
import { hasSingleWriter } from '../claims/single-writer.ts'
import { isClaimed, withUnprovedRun } from '../claims/table-state.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { Outcome, RowCounts } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import type { JobResult, SettledTable } from '../contracts/runs.ts'
import { isTerminal, outcomeErrorOf } from '../outcome-error.ts'
import { supersedeBeforeReload } from './before-reload.ts'
import { moveFiles } from './move-files.ts'
import { isApplied, type OutcomeRead, readOutcome } from './outcome-document.ts'
import { supersedeOverwritten } from './overwritten.ts'
import { quarantineFiles } from './quarantine.ts'
import { counted, releasedItem, runOf, settledTableOf } from './release.ts'
import { type Failed, type Resolution, resolve } from './resolution.ts'
import { countsOf } from './row-counts.ts'
import { runJobs } from './run-jobs.ts'
import type { SettlePorts } from './settle-ports.ts'
import { publishTombstones } from './tombstone-log.ts'

export interface SettlingRun {
  readonly run_id: string
  readonly job: JobResult
  /** The engine's job; undefined for a claim of an earlier version, which did not note it. */
  readonly job_name: string | undefined
}

/**
 * Writes into the ledger what became of the table, and says it. Repeating it says the same again. A claim that is no longer
 * this plan's is left alone. Throws what ports throw; a trouble that no repetition can cure is recorded at the table instead.
 */
export async function settleTable(planned: PlannedTable, run: SettlingRun, ports: SettlePorts): Promise<SettledTable> {
  const stored = await ports.tables.get(planned.table)
  if (!stored || !isClaimFor(stored, planned)) return alreadySettled(planned, run, ports)

  const read = await readOutcome(planned, run.run_id, ports.controlBucket, ports.objects)
  if (read === 'unusable') ports.signals.count('OutcomesUnusable', 1)
  const jobs = mayBeTwins(read, run, planned)
    ? await runJobs(stored, run.run_id, run.job_name, ports.jobRuns)
    : undefined
  const resolution = resolve(planned, read, run.job, { unproved: stored.unproved_runs.length > 0, jobs })
  // Until all its jobs are known to be over, no look-up of a later attempt proves that its batch never comes.
  const seen = jobs === undefined || jobs.over ? stored : { ...stored, ...withUnprovedRun(stored, run.run_id) }
  try {
    if (resolution.kind === 'applied') await settleApplied(planned, resolution.outcome, ports)
    else await putAside(planned, resolution, run.run_id, ports)
  } catch (error) {
    if (!isTerminal(error)) throw error
    // Also when the claim was lost in between: then the release is refused, and the table's new state decides.
    return release(seen, planned, run, unsettled(error), null, ports)
  }
  if (resolution.kind !== 'applied') return release(seen, planned, run, counted(seen, resolution), null, ports)
  const rows = await countsOf(planned, resolution.outcome, ports)
  return release(seen, planned, run, resolution, rows, ports)
}

/** The claim that the plan was made with, and nothing later. */
const isClaimFor = (item: TableItem, planned: PlannedTable): boolean =>
  isClaimed(item) && item.claim_token === planned.token && item.batch_id === planned.entry.batch_id

/**
 * A job worked on it and left no commit: whether another one of the same run may is what only the engine can say. Also behind a
 * commit where a second writer's would be taken, whatever the state machine knows of its job.
 */
function mayBeTwins(read: OutcomeRead, { job }: SettlingRun, { entry }: PlannedTable): boolean {
  const applied = typeof read === 'object' && isApplied(read)
  return applied ? hasSingleWriter(entry.target) : job.started === 'yes'
}

/** Before the release, too: whoever claims next finds them no more. */
async function putAside(planned: PlannedTable, resolution: Failed, runId: string, ports: SettlePorts): Promise<void> {
  await supersedeOverwritten(planned, resolution.overwritten, ports)
  await quarantineFiles(planned, resolution, runId, ports)
}

/** Before the release, in this order: a late file of the next batch must find the deletes, and no file may be planned twice. */
async function settleApplied(planned: PlannedTable, outcome: Outcome, ports: SettlePorts): Promise<void> {
  const { table, entry } = planned
  const evidence = outcome.evidence ?? ''
  const batch = { table, batch_id: entry.batch_id, generation: entry.generation.id, evidence }
  await publishTombstones(batch, ports.controlBucket, ports.objects)
  await moveFiles(planned, outcome, ports)
  await supersedeBeforeReload(planned, ports)
}

// settler   get (updating_table, token 42, revision 8) ─ tombstones ─ files, if token 42 ─ replace, if revision = 8
// a retry                 … the same steps, which change nothing … ─ replace: lost, and history has this run's item
// a later claim (token 43) can only begin behind the replace; an outcome of token 42 then finds no claim of its own
async function release(
  seen: TableItem,
  planned: PlannedTable,
  run: SettlingRun,
  resolution: Resolution,
  rows: RowCounts | null,
  ports: SettlePorts,
): Promise<SettledTable> {
  const attempt = { planned, run_id: run.run_id, engine_run_id: run.job.id, rows, ended_at_ms: ports.clock.now() }
  const history = runOf(seen, attempt, resolution)
  const { written } = await ports.tables.replace(releasedItem(seen, attempt, resolution), seen, history)
  // Somebody wrote the item in between; from its new state it is decided afresh.
  if (!written) return settleTable(planned, run, ports)
  return settledTableOf(history)
}

/** Settled by an earlier call of this run, or a claim that has passed on: its outcome settles nothing. */
async function alreadySettled(planned: PlannedTable, run: SettlingRun, ports: SettlePorts): Promise<SettledTable> {
  const history = await ports.tables.run(planned.table, run.run_id)
  if (history?.claim_token === planned.token) return settledTableOf(history)
  return { table: planned.table, status: 'skipped', reason: 'claim_passed_on', rows: null, files: 0, error: null }
}

/** The commit is there, but its ledger can't be brought up to it: the entry stays, and the next run finds it committed. */
const unsettled = (error: unknown): Resolution => ({
  kind: 'failed',
  result: 'unknown',
  frozen: true,
  counts: false,
  quarantine: [],
  overwritten: [],
  hold_reason: null,
  error: outcomeErrorOf(error),
})
