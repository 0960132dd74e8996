/** Historical mode: which batches the table provably lost. They go again whole, under their own ids, or not at all. */
import { batchIdOf } from '../../claims/batch-id.ts'
import { controlLayout } from '../../contracts/control-layout.ts'
import type { SettledFile, TableItem } from '../../contracts/ledger.ts'
import { planEntry } from '../../contracts/plan.ts'
import { readDocument } from '../../documents.ts'
import { EVERYTHING } from '../../look-further.ts'
import type { TableHistory } from '../../ports/table-histories.ts'
import { type LeftOut, type LeftOutReason, leaveOut } from './left-out.ts'
import type { BackfillPorts } from './ports.ts'

/** `inSpan`: applied files of the current generation. Files of their batches that were put outside of the span come along. */
export async function lostBatches(
  item: TableItem,
  inSpan: readonly SettledFile[],
  history: TableHistory | undefined,
  ports: BackfillPorts,
): Promise<{ files: SettledFile[]; left_out: LeftOut[] }> {
  const waiting = await ports.files.waiting(item.raw_table_name, EVERYTHING)
  const byBatch = Map.groupBy(inSpan, (file) => file.batch_id ?? '')
  const files: SettledFile[] = []
  const left_out: LeftOut[] = []
  for (const [batch, known] of byBatch) {
    const reason = whyNot(batch, history)
    const again = new Set(waiting.filter((one) => one.original_batch_id === batch).map((one) => one.file_id))
    const whole = reason ? undefined : await wholeBatch(item, batch, known, again, ports)
    if (whole) files.push(...whole)
    else left_out.push(...known.map((file) => leaveOut(file, reason ?? 'batch_not_whole')))
  }
  return { files, left_out }
}

/**
 * Undefined if the table surely has no rows of the batch. Where the lineage is cut off by expiry, a commit that is kept beside it
 * (rolled back) and younger than the end of the lineage can't be hidden behind that end.
 */
function whyNot(batch: string, history: TableHistory | undefined): LeftOutReason | undefined {
  if (!history) return undefined
  if (history.lineage.some((one) => one.batch_id === batch)) return 'in_the_table'
  if (history.complete) return undefined
  const end = history.lineage.at(-1)?.sequence_number ?? Number.POSITIVE_INFINITY
  const rolledBack = history.others.some((one) => one.batch_id === batch && one.sequence_number > end)
  return rolledBack ? undefined : 'history_expired'
}

/** Those of its files that are still in history; the others wait `again` already, sent back by a backfill that was interrupted. */
async function wholeBatch(
  item: TableItem,
  batch: string,
  known: readonly SettledFile[],
  again: ReadonlySet<string>,
  ports: BackfillPorts,
): Promise<SettledFile[] | undefined> {
  const table = item.raw_table_name
  const ids = await filesOfBatch(table, batch, ports)
  if (!ids || batchIdOf(table, item.generation, ids) !== batch) return undefined
  const found = new Map(known.map((file) => [file.file_id, file]))
  const files: SettledFile[] = []
  for (const id of ids) {
    if (again.has(id)) continue
    const file = found.get(id) ?? (await ports.files.settled(table, id))
    if (file?.batch_id !== batch) return undefined
    files.push(file)
  }
  return files
}

/** In the batch's own order, as a claim froze them. Entries of one batch differ in their configuration only. */
async function filesOfBatch(table: string, batch: string, ports: BackfillPorts): Promise<string[] | undefined> {
  for await (const key of ports.objects.list(ports.controlBucket, controlLayout.entries(table, batch))) {
    const entry = await readDocument(planEntry, { bucket: ports.controlBucket, key }, ports.objects)
    return entry?.files.map((file) => file.file_id)
  }
  return undefined
}
