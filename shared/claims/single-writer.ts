/**
 * Rule 8 for formats with a single writer (Hudi): their commits compare nothing with what other writers did since, so that a
 * job which still works could bring back what a later batch deleted. While one may, nobody else gets a claim.
 */
import type { TableItem } from '../contracts/ledger.ts'
import type { TargetSpec } from '../contracts/plan.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { areOver, type EvidencePorts, LONGEST_UNSEEN_MS, stillUnproved } from './evidence.ts'
import { type Hold, writerMayWork } from './hold.ts'

export const hasSingleWriter = ({ format }: Pick<TargetSpec, 'format'>): boolean => format === 'hudi'

type Unproved = Awaited<ReturnType<typeof stillUnproved>>

// run A   ─ started twice, or taken by force ─ looks: batch absent ──────────────────────────── commits: K is back
// run B                                              claims, applies the batch ─ C deletes K ─
// Iceberg refuses A's commit, since its snapshot is not the newest; Hudi with one writer does not. So B does not claim.
/**
 * Whether a job of a run before this one may still write: `at_work` if the engine shows one, a hold if it shows none and nothing
 * proves that none comes. Undefined if all are known to have ended, or the format refuses such a commit itself.
 */
export async function otherWriter(
  seen: TableItem,
  target: Pick<TargetSpec, 'format'>,
  jobName: string,
  nowMs: EpochMs,
  ports: EvidencePorts,
): Promise<'at_work' | { readonly hold: Hold; readonly unproved: Unproved } | undefined> {
  if (!hasSingleWriter(target) || seen.unproved_runs.length === 0) return undefined
  const unproved = await stillUnproved(seen, jobName, nowMs, ports)
  for (const runId of unproved.unproved_runs) {
    const runs = await ports.jobRuns.of(jobName, runId, seen.claimed_at_ms - LONGEST_UNSEEN_MS)
    if (runs.length === 0 || areOver(runs)) return { hold: writerMayWork(seen, runId), unproved }
  }
  return unproved.unproved_runs.length > 0 ? 'at_work' : undefined
}
