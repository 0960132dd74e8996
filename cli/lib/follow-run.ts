/** Watches one execution of the file-processor by what it leaves on the control bucket, and tells what happens as it happens. */
import type { z } from 'zod'
import { controlLayout } from '../../shared/contracts/control-layout.ts'
import { type Outcome, outcome } from '../../shared/contracts/outcome.ts'
import {
  type ClaimReport,
  claimReport,
  type ManifestBatch,
  manifest,
  type RunSummary,
  runSummary,
  type SettledBatch,
  settledBatch,
} from '../../shared/contracts/runs.ts'
import { jsonOf } from '../../shared/documents.ts'
import { InputError } from '../../shared/errors.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

export type RunEvent =
  | { readonly kind: 'batched'; readonly batches: readonly ManifestBatch[] }
  | { readonly kind: 'claimed'; readonly batch: number; readonly report: ClaimReport }
  | { readonly kind: 'table'; readonly batch: number; readonly outcome: Outcome }
  | { readonly kind: 'settled'; readonly settled: SettledBatch }
  | { readonly kind: 'ended'; readonly end: ExecutionEnd; readonly summary: RunSummary | undefined }

export interface ExecutionEnd {
  readonly status: string
  readonly error: string | null
  readonly cause: string | null
}

export interface FollowPorts {
  readonly objects: Pick<ObjectStore, 'get'>
  readonly controlBucket: string
  /** Undefined while it runs. */
  readonly executionEnd: () => Promise<ExecutionEnd | undefined>
  /** Between two looks. */
  readonly pause: () => Promise<unknown>
}

/** Yields each thing once, in the order in which it is seen; ends with `ended`. */
export async function* followRun(execution: string, ports: FollowPorts): AsyncGenerator<RunEvent> {
  const seen: Seen = { batches: undefined, claims: new Map(), outcomes: new Set(), settled: new Set() }
  for (;;) {
    const end = await ports.executionEnd()
    yield* news(execution, seen, ports)
    if (end) {
      yield { kind: 'ended', end, summary: await read(ports, controlLayout.summary(execution), runSummary) }
      return
    }
    await ports.pause()
  }
}

interface Seen {
  batches: readonly ManifestBatch[] | undefined
  readonly claims: Map<number, ClaimReport>
  readonly outcomes: Set<string>
  readonly settled: Set<number>
}

async function* news(execution: string, seen: Seen, ports: FollowPorts): AsyncGenerator<RunEvent> {
  if (seen.batches === undefined) {
    seen.batches = await read(ports, controlLayout.manifest(execution), manifest)
    if (seen.batches === undefined) return
    yield { kind: 'batched', batches: seen.batches }
  }
  for (const { batch } of seen.batches) {
    if (seen.settled.has(batch)) continue
    yield* newsOfBatch(execution, batch, seen, ports)
  }
}

async function* newsOfBatch(
  execution: string,
  batch: number,
  seen: Seen,
  ports: FollowPorts,
): AsyncGenerator<RunEvent> {
  const runId = `${execution}-${batch}-0`
  let report = seen.claims.get(batch)
  if (report === undefined) {
    report = await read(ports, controlLayout.claims(runId), claimReport)
    if (report === undefined) return
    seen.claims.set(batch, report)
    yield { kind: 'claimed', batch, report }
  }
  const settled = await read(ports, controlLayout.settled(execution, batch), settledBatch)
  for (const { table, token } of report.claimed) {
    if (seen.outcomes.has(table)) continue
    const done = await read(ports, controlLayout.outcome(runId, table, token), outcome)
    if (done === undefined) continue
    seen.outcomes.add(table)
    yield { kind: 'table', batch, outcome: done }
  }
  if (settled === undefined) return
  seen.settled.add(batch)
  yield { kind: 'settled', settled }
}

/** Undefined while it is not there. Throws InputError TG2604 for a document that this version does not understand. */
async function read<Schema extends z.ZodType>(
  ports: FollowPorts,
  key: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const body = await ports.objects.get(ports.controlBucket, key)
  if (body === undefined) return undefined
  const parsed = schema.safeParse(jsonOf(body))
  if (parsed.success) return parsed.data
  throw new InputError(
    'TG2604',
    `\`${key}\` on the control bucket was written by another version. Use the command line of the deployed version.`,
    { cause: parsed.error },
  )
}
