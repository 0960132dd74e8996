/** A staging bucket and a ledger in memory, and a reconciliation of them. */
import type { ReconcileOptions, ReconcilePorts } from '../../../shared/reconcile/options.ts'
import { reconcile } from '../../../shared/reconcile/reconcile.ts'
import { landingFixture } from '../landing/support.ts'

export const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs

export async function reconcileFixture() {
  const { memory, ports: landing, put } = await landingFixture()
  const ports: ReconcilePorts = {
    ...landing,
    objects: memory.objects,
    files: memory.files,
    tables: memory.tables,
    config: memory.config,
    census: memory.census,
    historyTtlMs: 400 * dayMs,
  }
  const runWith = (others: Partial<ReconcilePorts>, options: Partial<ReconcileOptions> = {}) =>
    reconcile({ dryRun: false, youngMs: 0, ...options }, { ...ports, ...others })
  return { memory, ports, put, runWith, run: (options?: Partial<ReconcileOptions>) => runWith({}, options) }
}
