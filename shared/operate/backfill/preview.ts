/** `backfill`, looked at: which applied files of a span would be applied again, which not and why, and what stands against it. */
import { mapBounded } from '../../bounded.ts'
import { isClaimed } from '../../claims/table-state.ts'
import type { TableConfig } from '../../contracts/config.ts'
import type { SettledFile, TableItem } from '../../contracts/ledger.ts'
import type { EpochSeconds } from '../../contracts/primitives.ts'
import { LedgerError } from '../../errors.ts'
import { shown } from '../../files/shown.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { TableHistory } from '../../ports/table-histories.ts'
import { itemOf, notNow } from '../table-verb.ts'
import { type LeftOut, leaveOut, leftOutTexts } from './left-out.ts'
import { lostBatches } from './lost-batches.ts'
import type { BackfillPorts } from './ports.ts'

/** Put times: `fromS` is in it, `toS` no more. */
export interface Span {
  readonly fromS: EpochSeconds
  readonly toS: EpochSeconds
}

export interface BackfillPreview {
  readonly before: TableItem
  /** The item that look-ups then go by; `before` itself, unless the table was rolled back or made anew. */
  readonly after: TableItem
  readonly mode: 'snapshot' | 'historical'
  /** In the order in which they go back: oldest put first, in historical mode batch by batch. */
  readonly files: readonly SettledFile[]
  /** Among `files`: what was put is not on the bucket any more. */
  readonly gone: readonly SettledFile[]
  readonly left_out: readonly LeftOut[]
}

const LOOKS_AT_ONCE = 32

/**
 * Quarantined and superseded files, and those that wait anyway, are no part of it. Throws LedgerError TG3301, TG3350 (not in
 * this state), TG3351 (not configured), TG3352 (nothing to apply again), TG3355 (historical, and not to be told), and what ports
 * throw. Objects that are gone are told, and refused by `refuseGone` only.
 */
export async function previewBackfill(table: string, span: Span, ports: BackfillPorts): Promise<BackfillPreview> {
  const before = await itemOf(table, ports)
  refuseUnresolved(before)
  const { merge, target } = await configurationOf(table, ports)
  const history = await ports.histories.of(target)
  const settled = await ports.files.settledBetween(table, span.fromS, span.toS)
  const applied = settled.filter((file) => file.file_ingestion_status === 'raw_file_processed')
  // Put times decide, but the id of a history's batch goes by its generation.
  const isCurrent = (file: SettledFile) =>
    merge.mode === 'snapshot' ? file.put_at_s >= (before.generation_from_s ?? 0) : file.generation === before.generation
  const current = applied.filter(isCurrent)
  const outdated = applied.filter((file) => !isCurrent(file)).map((file) => leaveOut(file, 'older_generation'))
  const chosen =
    merge.mode === 'snapshot' ? { files: current, left_out: [] } : await lostBatches(before, current, history, ports)
  const left_out = [...outdated, ...chosen.left_out]
  if (chosen.files.length === 0) throw nothingToDo(table, left_out)
  const gone = await goneOf(chosen.files, ports.objects)
  return { before, after: atCurrent(before, history), mode: merge.mode, files: chosen.files, gone, left_out }
}

/** While a batch is open, its files decide first: a settling in the middle would take what goes back for its own. */
function refuseUnresolved(item: TableItem): void {
  const next = `\`tidegate explain ${item.raw_table_name}\` says what it waits for.`
  if (isClaimed(item)) throw notNow('TG3350', item, `the run \`${item.glue_job_run_id}\` works on it`, next)
  if (item.entry_uri !== null) throw notNow('TG3350', item, 'its last batch is not resolved', next)
}

async function configurationOf(table: string, { config }: BackfillPorts): Promise<TableConfig> {
  for (const { refresh_cadence } of await config.cadences()) {
    const found = await config.table(refresh_cadence, table)
    if (found) return found
  }
  throw new LedgerError(
    'TG3351',
    `no configuration has \`${table}\`: nothing would apply its files. Add the table, then \`tidegate config apply FILE\`.`,
  )
}

/**
 * A commit is searched for back to the last settled snapshot. Of a table that was rolled back, or made anew, that is not among
 * its snapshots any more, and every look-up would say `unknown`. No batch is open, so there is no commit to find before the
 * next one's: it is enough to look back to where the table is now.
 */
function atCurrent(item: TableItem, history: TableHistory | undefined): TableItem {
  const isKept = history?.lineage.some(({ id }) => id === item.last_snapshot) ?? item.last_snapshot === null
  if (isKept) return item
  return { ...item, revision: item.revision + 1, last_snapshot: history?.lineage[0]?.id ?? null }
}

async function goneOf(files: readonly SettledFile[], objects: Pick<ObjectStore, 'head'>): Promise<SettledFile[]> {
  const looks = await mapBounded(files, LOOKS_AT_ONCE, async (file) => {
    const head = await objects.head(file.file_ingestion_s3_bucket, file.file_ingestion_path, file.etag)
    return head ? [] : [file]
  })
  return looks.flat()
}

const NAMED = 3

/** Throws LedgerError TG3353 if objects are gone: without the newest change of a key, an older one would come back in its place. */
export function refuseGone({ before, files, gone }: BackfillPreview): void {
  if (gone.length === 0) return
  const named = gone
    .slice(0, NAMED)
    .map((file) => `\`s3://${file.file_ingestion_s3_bucket}/${shown(file.file_ingestion_path)}\``)
  throw new LedgerError(
    'TG3353',
    `\`${gone.length}\` of \`${files.length}\` files of \`${before.raw_table_name}\` are gone from the bucket or have other bytes, first ${named.join(', ')}. Nothing was changed; restore them, or give a span without them.`,
  )
}

function nothingToDo(table: string, left_out: readonly LeftOut[]): LedgerError {
  const why = leftOutTexts(left_out)
  if (left_out.some(({ reason }) => reason === 'history_expired'))
    return new LedgerError(
      'TG3355',
      `No file of \`${table}\` can be applied again: ${why.join('; ')}. Its rows have no order, and snapshots that could tell have expired: applied twice, they would be there twice. Look for the batch in its column \`_tg_batch\`.`,
    )
  return new LedgerError(
    'TG3352',
    `No applied file of \`${table}\` in that span is to be applied again${why.length > 0 ? `: ${why.join('; ')}` : ''}. \`tidegate files ${table}\` lists its files.`,
  )
}
