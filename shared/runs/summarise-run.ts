/** The end of a run: what became of every table of its manifest, and whether one of them failed. */
import { mapBounded } from '../bounded.ts'
import { controlLayout, s3UriOf } from '../contracts/control-layout.ts'
import type { RowCounts } from '../contracts/outcome.ts'
import {
  type ManifestBatch,
  manifest,
  type RunSummary,
  type SettledTable,
  type SummariseRunInput,
  type SummariseRunOutput,
  settledBatch,
} from '../contracts/runs.ts'
import { bodyOf, readDocument } from '../documents.ts'
import { OurError } from '../errors.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'

export interface SummaryPorts {
  readonly objects: Pick<ObjectStore, 'get' | 'put'>
  readonly signals: Signals
}

const READS_AT_ONCE = 32
/** Step Functions takes 256 KiB; the rest is in the summary. */
const NAMES_RETURNED = 20

type SummarisedTable = RunSummary['tables'][number]

/**
 * Puts `summary.json` beside the manifest. A batch that was not settled counts as failed, each of its tables by name. Throws
 * OurError TG9306 when there is no manifest.
 */
export async function summariseRun(input: SummariseRunInput, ports: SummaryPorts): Promise<SummariseRunOutput> {
  const batches = await readDocument(manifest, input, ports.objects)
  if (!batches) {
    throw new OurError(
      'TG9306',
      `\`${s3UriOf(input.bucket, input.key)}\` is not there, though the run began. Report it.`,
    )
  }
  const settled = await mapBounded(batches, READS_AT_ONCE, (batch) => tablesOf(batch, input, ports))
  const tables = settled.flatMap((batch) => batch.tables)
  const key = controlLayout.summary(input.execution_name)
  const summary: RunSummary = {
    contract: 'tidegate.summary/1',
    execution_name: input.execution_name,
    batches: batches.length,
    unsettled_batches: settled.filter((batch) => !batch.settled).map((batch) => batch.batch),
    rows: totalOf(tables),
    files: tables.reduce((sum, table) => sum + table.files, 0),
    tables,
  }
  await ports.objects.put(input.bucket, key, bodyOf(summary))

  const failures = tables.filter(isFailed).map((table) => table.table)
  ports.signals.count('BatchesUnsettled', summary.unsettled_batches.length)
  ports.signals.count('TablesFailedInRun', failures.length)
  return {
    tables: tables.length,
    completed: tables.filter((table) => table.status === 'completed').length,
    skipped: tables.filter((table) => table.status === 'skipped').length,
    failed: failures.length,
    failed_tables: failures.slice(0, NAMES_RETURNED),
    summary_uri: s3UriOf(input.bucket, key),
  }
}

/** Held is failed too: somebody must act, and a run that says nothing is a run that nobody looks at. */
const isFailed = (table: SettledTable): boolean => table.status === 'refresh_error' || table.status === 'held'

async function tablesOf(batch: ManifestBatch, input: SummariseRunInput, ports: SummaryPorts) {
  const key = controlLayout.settled(input.execution_name, batch.batch)
  const report = await readDocument(settledBatch, { bucket: input.bucket, key }, ports.objects)
  const byName = new Map(report?.tables.map((table) => [table.table, table]))
  const tables = batch.tables.map(
    (name): SummarisedTable => ({ ...(byName.get(name) ?? unsettled(name, batch.batch)), batch: batch.batch }),
  )
  return { batch: batch.batch, settled: report !== undefined, tables }
}

const unsettled = (table: string, batch: number): SettledTable => ({
  table,
  status: 'refresh_error',
  reason: 'not_settled',
  rows: null,
  files: 0,
  error: {
    code: 'TG5306',
    message: `Batch \`${batch}\` ended without settling \`${table}\`. Look into the Map child of this batch; the table's files are safe.`,
    transient: false,
    details: null,
  },
})

const NO_ROWS: RowCounts = { read: 0, inserted: 0, updated: 0, deleted: 0, stale: 0, duplicate: 0 }

const totalOf = (tables: readonly SettledTable[]): RowCounts => {
  const skipped = tables.reduce((sum, { rows }) => sum + (rows?.skipped ?? 0), 0)
  const total = tables.reduce(
    (sum, { rows }) => ({
      read: sum.read + (rows?.read ?? 0),
      inserted: sum.inserted + (rows?.inserted ?? 0),
      updated: sum.updated + (rows?.updated ?? 0),
      deleted: sum.deleted + (rows?.deleted ?? 0),
      stale: sum.stale + (rows?.stale ?? 0),
      duplicate: sum.duplicate + (rows?.duplicate ?? 0),
    }),
    NO_ROWS,
  )
  return skipped > 0 ? { ...total, skipped } : total
}
