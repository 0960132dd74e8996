/**
 * Reconciling: the staging bucket is listed against ledger and history; what no event announced is landed, and waiting files
 * whose object is gone are reported, and tables held that were truncated. Events are hints, S3 is the truth. It holds one page of the listing and no more.
 */
import { ConfigurationError } from '../errors.ts'
import type { Sources } from '../files/parse-key.ts'
import type { ListedObject } from '../ports/object-store.ts'
import { findLost } from './lost.ts'
import { isLate, type ReconcileOptions, type ReconcilePorts } from './options.ts'
import { reconcilePage } from './page.ts'
import { emptyReport, type ReconcileReport } from './report.ts'
import { findTruncated } from './truncated.ts'

/** As many as one page of S3's listing. */
const OBJECTS_PER_PAGE = 1_000

/**
 * Repeating it, two at once, and events that come in the middle are harmless: each file is landed by the transaction that an
 * event's is. Throws ConfigurationError TG1520 for an unknown source, and what landing throws of the ledger and of S3; keys
 * that landing refuses are counted instead.
 */
export async function reconcile(options: ReconcileOptions, ports: ReconcilePorts): Promise<ReconcileReport> {
  const report = emptyReport(options.dryRun)
  const prefix = prefixOf(options.source, await ports.sources())
  const listing = ports.objects.listed(ports.stagingBucket, prefix, options.startAfter)
  for await (const page of pagesOf(listing)) {
    await reconcilePage(page, options, ports, report)
    options.progress?.(report.objects)
    if (isLate(options, ports)) return { ...report, complete: false, next: page.at(-1)?.key ?? null }
  }
  await findLost(options, ports, report)
  await findTruncated(options, ports, report)
  return report
}

function prefixOf(source: string | undefined, sources: Sources): string {
  if (source === undefined) return ''
  const found = Object.hasOwn(sources, source) ? sources[source] : undefined
  if (found) return found.prefix
  const names = Object.keys(sources).map((name) => `\`${name}\``)
  throw new ConfigurationError(
    'TG1520',
    `there is no source \`${source}\`; configured are ${names.join(', ') || 'none'}. Name one of them.`,
  )
}

async function* pagesOf(listing: AsyncIterable<ListedObject>): AsyncGenerator<ListedObject[]> {
  let page: ListedObject[] = []
  for await (const object of listing) {
    page.push(object)
    if (page.length < OBJECTS_PER_PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
