/** One page of the listing: sorted by what the keys say, looked up at once, and landed where the ledger knows nothing. */
import { mapBounded } from '../bounded.ts'
import { InputError } from '../errors.ts'
import { fileIdOf } from '../files/file-id.ts'
import { parseKey, type Sources } from '../files/parse-key.ts'
import { landObject } from '../landing/land-file.ts'
import type { FileName } from '../ports/file-census.ts'
import type { ListedObject } from '../ports/object-store.ts'
import type { ReconcileOptions, ReconcilePorts } from './options.ts'
import { keepExample, type ReconcileReport } from './report.ts'

/** A file that the ledger should know. */
interface Candidate extends FileName {
  readonly object: ListedObject
}

/** Transactions of landing at once. */
const LANDINGS_AT_ONCE = 8

/** Adds to `report`. */
export async function reconcilePage(
  page: readonly ListedObject[],
  options: ReconcileOptions,
  ports: ReconcilePorts,
  report: ReconcileReport,
): Promise<void> {
  const sources = await ports.sources()
  const nowMs = ports.clock.now()
  const candidates: Candidate[] = []
  for (const object of page) {
    const found = sortedOut(object, sources, nowMs, options, ports)
    if (found === 'not_asked_for') continue
    report.objects += 1
    if (found instanceof InputError) countRefusal(found, report)
    else if (typeof found === 'string') report[found] += 1
    else candidates.push(found)
  }
  const known = await ports.census.known(candidates)
  const missing = candidates.filter(({ file_id }) => !known.has(file_id))
  report.known += candidates.length - missing.length
  const landedBefore = report.landed
  await mapBounded(missing, LANDINGS_AT_ONCE, (candidate) => land(candidate, options, ports, report))
  if (!options.dryRun) ports.signals.count('FilesReconciled', report.landed - landedBefore)
}

type SortedOut = Candidate | InputError | 'not_asked_for' | 'ignored' | 'young' | 'beyond_history'

/** With a table asked for, what belongs to no table is nobody's business. */
function sortedOut(
  object: ListedObject,
  sources: Sources,
  nowMs: number,
  options: ReconcileOptions,
  { stagingBucket: bucket, historyTtlMs }: ReconcilePorts,
): SortedOut {
  const { key, etag, put_at_s: putAtS } = object
  const ofNoTable = <T>(what: T): T | 'not_asked_for' => (options.table === undefined ? what : 'not_asked_for')
  try {
    const parsed = parseKey(bucket, key, sources, bucket)
    if (parsed.kind === 'ignored') return ofNoTable('ignored')
    if (options.source !== undefined && parsed.sourceName !== options.source) return 'not_asked_for'
    if (options.table !== undefined && parsed.ledgerKey !== options.table) return 'not_asked_for'
    const ageMs = nowMs - putAtS * 1000
    if (ageMs < options.youngMs) return 'young'
    if (ageMs >= historyTtlMs) return 'beyond_history'
    return { source_table_name: parsed.ledgerKey, file_id: fileIdOf({ bucket, key, etag, putAtS }), object }
  } catch (error) {
    if (error instanceof InputError) return ofNoTable(error)
    throw error
  }
}

function countRefusal(error: InputError, { refused }: ReconcileReport): void {
  const known = refused[error.code]
  if (known) known.objects += 1
  else refused[error.code] = { objects: 1, example: error.message }
}

async function land(
  { object, source_table_name: table }: Candidate,
  { dryRun }: ReconcileOptions,
  ports: ReconcilePorts,
  report: ReconcileReport,
): Promise<void> {
  const landing = await landObject(ports.stagingBucket, object, dryRun ? { ...ports, files: asIf(ports) } : ports)
  if (landing.result === 'landed') {
    report.landed += 1
    keepExample(report.examples.landed, { table, key: object.key, put_at_s: object.put_at_s })
  } else if (landing.result === 'object_gone') report.gone += 1
  else report.known += 1
}

/** Lands nothing, and says what landing would. */
const asIf = ({ census }: ReconcilePorts): Pick<ReconcilePorts['files'], 'land'> => ({
  land: async (file) => ((await census.known([file])).size > 0 ? 'already_waiting' : 'landed'),
})
