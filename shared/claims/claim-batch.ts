/** Claiming a batch: each of its tables, then the plan, which is written once and is what the job and the settling go by. */
import { unknownCadence } from '../batching/unknown-cadence.ts'
import { mapBounded } from '../bounded.ts'
import type { BatchConfig } from '../contracts/config.ts'
import { controlLayout, s3UriOf } from '../contracts/control-layout.ts'
import type { OutcomeError } from '../contracts/outcome.ts'
import { type Plan, plan } from '../contracts/plan.ts'
import type { ClaimBatchInput, ClaimBatchOutput, ClaimReport } from '../contracts/runs.ts'
import { bodyOf, readDocument, writtenDocument } from '../documents.ts'
import { outcomeErrorOf } from '../outcome-error.ts'
import { type ClaimingRun, type ClaimPorts, claimTable, type TableClaim } from './claim-table.ts'
import { letGo } from './let-go.ts'

type Claimed = { readonly table: string } & (TableClaim | { readonly kind: 'failed'; readonly error: OutcomeError })

const TABLES_AT_ONCE = 8

/**
 * Claims what can be claimed, puts `claims.json` and `plan.json`, and returns where the plan is. One table's exception fails
 * that table alone. Called again with the same input, it gives the same plan. Throws ConfigurationError TG1301 for an unknown
 * cadence, and what ports throw.
 */
export async function claimBatch(input: ClaimBatchInput, ports: ClaimPorts): Promise<ClaimBatchOutput> {
  const cadence = await ports.config.cadence(input.refresh_cadence)
  if (!cadence) throw unknownCadence(input.refresh_cadence)
  const run: ClaimingRun = {
    run_id: `${input.execution_name}-${input.batch}-${input.redrive_count}`,
    owner: input.owner,
    cadence,
  }
  const place = { bucket: ports.controlBucket, key: controlLayout.plan(run.run_id) }
  const earlier = await readDocument(plan, place, ports.objects)
  if (earlier) return outputOf(earlier, place.key, cadence, ports)

  const claims = await mapBounded(input.tables, TABLES_AT_ONCE, (table) => claimed(table, run, ports))
  const report = bodyOf(reportOf(run.run_id, claims))
  await ports.objects.put(ports.controlBucket, controlLayout.claims(run.run_id), report)
  const written = await writtenDocument(plan, planOf(input, run, claims, ports), place, ports.objects)
  await letGoUnplanned(written, claims, ports)
  countClaims(claims, ports)
  return outputOf(written, place.key, cadence, ports)
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
      ? [{ table: claim.table, token: claim.token, attempt: claim.attempt, resolve_only: false, entry: claim.entry }]
      : [],
  ),
})

const reportOf = (runId: string, claims: readonly Claimed[]): ClaimReport => ({
  run_id: runId,
  claimed: claims.flatMap((claim) => (claim.kind === 'claimed' ? [{ table: claim.table, token: claim.token }] : [])),
  skipped: claims.flatMap((claim) => (claim.kind === 'skipped' ? [{ table: claim.table, reason: claim.reason }] : [])),
  held: claims.flatMap((claim) =>
    claim.kind === 'held' ? [{ table: claim.table, reason: claim.reason, error: claim.error }] : [],
  ),
  failed: claims.flatMap((claim) => (claim.kind === 'failed' ? [{ table: claim.table, error: claim.error }] : [])),
})

const outputOf = (written: Plan, key: string, cadence: BatchConfig, ports: ClaimPorts): ClaimBatchOutput => ({
  plan_uri: s3UriOf(ports.controlBucket, key),
  run_id: written.run_id,
  claimed: written.tables.length,
  job: {
    name: cadence.glue_job_name,
    worker_type: cadence.glue_job_worker_type,
    max_workers: cadence.glue_job_max_workers,
  },
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
