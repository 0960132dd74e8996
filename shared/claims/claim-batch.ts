/** Claiming a batch: each of its tables, then the plan, which is written once and is what the job and the settling go by. */
import { unknownCadence } from '../batching/unknown-cadence.ts'
import { mapBounded } from '../bounded.ts'
import type { BatchConfig } from '../contracts/config.ts'
import { controlLayout, s3UriOf } from '../contracts/control-layout.ts'
import type { OutcomeError } from '../contracts/outcome.ts'
import { type Plan, plan } from '../contracts/plan.ts'
import {
  type ClaimBatchInput,
  type ClaimBatchOutput,
  type ClaimReport,
  claimReport,
  type JobSpec,
} from '../contracts/runs.ts'
import { bodyOf, type Place, readDocument, writtenDocument } from '../documents.ts'
import { outcomeErrorOf } from '../outcome-error.ts'
import type { ClaimingRun } from './claim-item.ts'
import { type ClaimPorts, claimTable, type TableClaim } from './claim-table.ts'
import { askedOnce } from './evidence.ts'
import { letGo } from './let-go.ts'

type Claimed = { readonly table: string } & (TableClaim | { readonly kind: 'failed'; readonly error: OutcomeError })

const TABLES_AT_ONCE = 8

/**
 * Claims what can be claimed, puts `claims.json` and `plan.json`, and returns where the plan is. One table's exception fails
 * that table alone. Called again with the same input, it gives the same plan. Throws ConfigurationError TG1301 for an unknown
 * cadence, and what ports throw.
 */
export async function claimBatch(input: ClaimBatchInput, ports: ClaimPorts): Promise<ClaimBatchOutput> {
  const runId = `${input.execution_name}-${input.batch}-${input.redrive_count}`
  const place = { bucket: ports.controlBucket, key: controlLayout.plan(runId) }
  const earlier = await earlierAnswer(place, runId, ports)
  if (earlier) return earlier

  const cadence = await ports.config.cadence(input.refresh_cadence)
  if (!cadence) throw unknownCadence(input.refresh_cadence)
  const run: ClaimingRun = { run_id: runId, owner: input.owner, cadence }
  const asking = { ...ports, ...askedOnce(ports) }
  const claims = await mapBounded(input.tables, TABLES_AT_ONCE, (table) => claimed(table, run, asking))
  const report = bodyOf(reportOf(run, claims))
  await ports.objects.put(ports.controlBucket, controlLayout.claims(run.run_id), report)
  const written = await writtenDocument(plan, planOf(input, run, claims, ports), place, ports.objects)
  await letGoUnplanned(written, claims, ports)
  countClaims(claims, ports)
  return outputOf(written, place.key, jobOf(cadence), ports)
}

/** The plan is written once: with it the answer is given, also when its cadence has been removed from the configuration since. */
async function earlierAnswer(place: Place, runId: string, ports: ClaimPorts): Promise<ClaimBatchOutput | undefined> {
  const written = await readDocument(plan, place, ports.objects)
  if (!written) return undefined
  const report = { bucket: ports.controlBucket, key: controlLayout.claims(runId) }
  const job = (await readDocument(claimReport, report, ports.objects))?.job
  if (job) return outputOf(written, place.key, job, ports)
  const cadence = await ports.config.cadence(written.refresh_cadence)
  if (!cadence) throw unknownCadence(written.refresh_cadence)
  return outputOf(written, place.key, jobOf(cadence), ports)
}

async function claimed(table: string, run: ClaimingRun, ports: ClaimPorts): Promise<Claimed> {
  try {
    return { table, ...(await claimTable(table, run, ports)) }
  } catch (error) {
    return { table, kind: 'failed', error: outcomeErrorOf(error) }
  }
}

/**
 * Two invocations of one owner, of which the other wrote the plan first: what this one claimed beyond that plan no job will
 * ever work on.
 */
async function letGoUnplanned(written: Plan, claims: readonly Claimed[], ports: ClaimPorts): Promise<void> {
  const planned = new Map(written.tables.map((table) => [table.table, table.token]))
  for (const claim of claims) {
    if (claim.kind !== 'claimed' || planned.get(claim.table) === claim.token) continue
    const message = `\`${claim.table}\` was claimed after the plan of \`${written.run_id}\` was written. The next run takes it up.`
    const error = { code: 'TG3106', message, transient: true, details: null }
    await letGo(claim.table, written.run_id, error, ports, claim.token)
  }
}

const planOf = (input: ClaimBatchInput, run: ClaimingRun, claims: readonly Claimed[], ports: ClaimPorts): Plan => ({
  contract: 'tidegate.plan/1',
  run_id: run.run_id,
  refresh_cadence: input.refresh_cadence,
  batch: input.batch,
  outcomes: s3UriOf(ports.controlBucket, controlLayout.outcomes(run.run_id)),
  tables: claims.flatMap((claim) =>
    claim.kind === 'claimed'
      ? [
          {
            table: claim.table,
            token: claim.token,
            attempt: claim.attempt,
            resolve_only: claim.resolve_only,
            entry: claim.entry,
          },
        ]
      : [],
  ),
})

const reportOf = (run: ClaimingRun, claims: readonly Claimed[]): ClaimReport => ({
  run_id: run.run_id,
  job: jobOf(run.cadence),
  claimed: claims.flatMap((claim) => (claim.kind === 'claimed' ? [{ table: claim.table, token: claim.token }] : [])),
  skipped: claims.flatMap((claim) => (claim.kind === 'skipped' ? [{ table: claim.table, reason: claim.reason }] : [])),
  held: claims.flatMap((claim) =>
    claim.kind === 'held' ? [{ table: claim.table, reason: claim.reason, error: claim.error }] : [],
  ),
  failed: claims.flatMap((claim) => (claim.kind === 'failed' ? [{ table: claim.table, error: claim.error }] : [])),
})

const outputOf = (written: Plan, key: string, job: JobSpec, ports: ClaimPorts): ClaimBatchOutput => ({
  plan_uri: s3UriOf(ports.controlBucket, key),
  run_id: written.run_id,
  claimed: written.tables.length,
  job,
})

const jobOf = (cadence: BatchConfig): JobSpec => ({
  name: cadence.glue_job_name,
  worker_type: cadence.glue_job_worker_type,
  max_workers: cadence.glue_job_max_workers,
})

function countClaims(claims: readonly Claimed[], ports: ClaimPorts): void {
  const METRIC = {
    claimed: 'TablesClaimed',
    skipped: 'TablesSkipped',
    held: 'TablesHeld',
    failed: 'ClaimsFailed',
  } as const
  for (const claim of claims) ports.signals.count(METRIC[claim.kind], 1)
}
