/** What one invocation of the Lambda does: as much of the bucket as its time allows, from where the last one stopped. */
import { controlLayout } from '../contracts/control-layout.ts'
import { reconcileCursor } from '../contracts/reconcile.ts'
import { bodyOf, readDocument } from '../documents.ts'
import { ConfigurationError } from '../errors.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { ReconcilePorts } from './options.ts'
import { reconcile } from './reconcile.ts'
import type { ReconcileReport } from './report.ts'

export interface ReconcilePartPorts extends ReconcilePorts {
  readonly objects: Pick<ObjectStore, 'head' | 'listed' | 'get' | 'put'>
  readonly controlBucket: string
  /** Objects put within so many milliseconds are left to their events. */
  readonly youngMs: number
}

/** Of the 15 minutes of a Lambda: the rest is for the page at hand. */
const TIME_MS = 12 * 60_000

/** Where nothing is configured yet there is nothing to do: a schedule begins to fire as soon as it is deployed. */
export async function reconcilePart(
  _input: unknown,
  ports: ReconcilePartPorts,
): Promise<ReconcileReport | { readonly skipped: 'nothing_configured' }> {
  const place = { bucket: ports.controlBucket, key: controlLayout.reconcileCursor }
  const deadlineMs = ports.clock.now() + TIME_MS
  const cursor = await readDocument(reconcileCursor, place, ports.objects)
  const startAfter = cursor?.start_after ?? undefined
  try {
    const report = await reconcile({ dryRun: false, youngMs: ports.youngMs, startAfter, deadlineMs }, ports)
    if (report.next !== (startAfter ?? null)) await save(report.next)
    return report
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'TG1001') return { skipped: 'nothing_configured' }
    throw error
  }

  function save(next: string | null): Promise<void> {
    const document = { contract: 'tidegate.reconcile-cursor/1', start_after: next, saved_at_ms: ports.clock.now() }
    return ports.objects.put(place.bucket, place.key, bodyOf(reconcileCursor.parse(document)))
  }
}
