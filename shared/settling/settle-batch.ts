/** Settling a batch: each of its tables on its own, then the report that says so, last. */
import { mapBounded } from '../bounded.ts'
import { jobRunsAskedOnce } from '../claims/evidence.ts'
import { letGo } from '../claims/let-go.ts'
import { controlLayout, parseS3Uri } from '../contracts/control-layout.ts'
import { plan } from '../contracts/plan.ts'
import {
  type ClaimReport,
  claimReport,
  type SettleBatchInput,
  type SettledBatch,
  type SettledTable,
  settledBatch,
} from '../contracts/runs.ts'
import { bodyOf, readDocument } from '../documents.ts'
import { LedgerError, messageOf, OurError } from '../errors.ts'
import { isTerminal, outcomeErrorOf } from '../outcome-error.ts'
import type { SettlePorts } from './settle-ports.ts'
import { settleTable } from './settle-table.ts'

const TABLES_AT_ONCE = 8

/**
 * Puts `settled/<batch>.json` once every table is settled, skipped or held. Throws LedgerError TG3201 (transient), and puts nothing, when
 * some table could not be settled for a reason that may pass: calling again with the same input repeats what was done without
 * harm and finishes the rest. OurError TG9305 when the run has no plan.
 */
export async function settleBatch(input: SettleBatchInput, ports: SettlePorts): Promise<SettledBatch> {
  const place = { bucket: ports.controlBucket, key: controlLayout.settled(input.execution_name, input.batch) }
  const earlier = await readDocument(settledBatch, place, ports.objects)
  if (earlier?.run_id === input.run_id) return earlier

  const planned = await readDocument(plan, parseS3Uri(input.plan_uri), ports.objects)
  if (!planned) {
    throw new OurError('TG9305', `\`${input.plan_uri}\` is not there, though a claim returned it. Please report it.`)
  }
  const claims = await readDocument(
    claimReport,
    { bucket: ports.controlBucket, key: controlLayout.claims(input.run_id) },
    ports.objects,
  )
  const run = { run_id: input.run_id, job: input.job, job_name: claims?.job?.name }
  const asking = { ...ports, jobRuns: jobRunsAskedOnce(ports.jobRuns) }
  const troubles: { table: string; error: unknown }[] = []
  const settled = await mapBounded(planned.tables, TABLES_AT_ONCE, async (table): Promise<SettledTable[]> => {
    try {
      return [await settleTable(table, run, asking)]
    } catch (error) {
      if (isTerminal(error)) return [failed(table.table, outcomeErrorOf(error))]
      troubles.push({ table: table.table, error })
      return []
    }
  })
  const tables = [...settled.flat(), ...(await unplanned(input.run_id, planned.tables, claims, ports))]
  const [first] = troubles
  if (first) throw tryAgain(input.run_id, troubles.length, first)

  const report: SettledBatch = { batch: input.batch, run_id: input.run_id, engine_run_id: input.job.id, tables }
  await ports.objects.put(place.bucket, place.key, bodyOf(report))
  countSettled(tables, ports)
  return report
}

/** Tables of the batch that no plan entry was made for. A claim that came to no plan is let go here. */
async function unplanned(
  runId: string,
  planned: readonly { table: string }[],
  claims: ClaimReport | undefined,
  ports: SettlePorts,
): Promise<SettledTable[]> {
  const names = new Set(planned.map((table) => table.table))
  const without = <T extends { table: string }>(list: readonly T[] = []) =>
    list.filter(({ table }) => !names.has(table))
  const failures = without(claims?.failed)
  await mapBounded(failures, TABLES_AT_ONCE, ({ table, error }) => letGo(table, runId, error, ports))
  return [
    ...without(claims?.skipped).map(({ table, reason }) => ({ ...nothing(table), status: 'skipped' as const, reason })),
    ...without(claims?.held).map(({ table, reason, error }) => ({
      ...nothing(table),
      status: 'held' as const,
      reason,
      error,
    })),
    ...failures.map(({ table, error }) => failed(table, error)),
  ]
}

const nothing = (table: string) => ({ table, reason: null, rows: null, files: 0, error: null })

const failed = (table: string, error: SettledTable['error']): SettledTable => ({
  ...nothing(table),
  status: 'refresh_error',
  reason: 'exception',
  error,
})

const tryAgain = (runId: string, count: number, first: { table: string; error: unknown }): LedgerError =>
  new LedgerError(
    'TG3201',
    `\`${count}\` tables of the run \`${runId}\` could not be settled, first \`${first.table}\`: ${messageOf(first.error)}. Call again: what was settled stays as it is.`,
    { certainty: 'transient', cause: first.error },
  )

function countSettled(tables: readonly SettledTable[], { signals }: SettlePorts): void {
  const METRIC = {
    completed: 'TablesCompleted',
    refresh_error: 'TablesFailed',
    held: 'TablesHeld',
    skipped: 'TablesSkipped',
  } as const
  for (const { status, files, rows } of tables) {
    signals.count(METRIC[status], 1)
    if (files > 0) signals.count('FilesSettled', files)
    if (!rows) continue
    signals.count('RowsRead', rows.read)
    signals.count('RowsInserted', rows.inserted)
    signals.count('RowsUpdated', rows.updated)
    signals.count('RowsDeleted', rows.deleted)
    signals.count('RowsStale', rows.stale)
    signals.count('RowsDuplicate', rows.duplicate)
  }
}
