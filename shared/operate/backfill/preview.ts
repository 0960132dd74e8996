/** `backfill`, looked at: which applied files of a span would be applied again, which not and why, and what stands against it. */
import type { SettledFile, TableItem } from '../../contracts/ledger.ts'
import type { EpochSeconds } from '../../contracts/primitives.ts'
import { LedgerError } from '../../errors.ts'
import type { TableHistory } from '../../ports/table-histories.ts'
import { configurationOf, goneOf, refuseUnresolved, settledSnapshot } from '../applied-files.ts'
import { itemOf } from '../table-verb.ts'
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

/**
 * Quarantined and superseded files, and those that wait anyway, are no part of it. Throws LedgerError TG3301, TG3350 (not in
 * this state), TG3351 (not configured), TG3352 (nothing to apply again), TG3355 (historical, and not to be told), TG3356 (rows of an older load), and what ports
 * throw. Objects that are gone are told, and refused only by what then does it.
 */
export async function previewBackfill(table: string, span: Span, ports: BackfillPorts): Promise<BackfillPreview> {
  const before = await itemOf(table, ports)
  refuseUnresolved(before)
  const { merge, target } = await configurationOf(table, ports.config)
  const history = await ports.histories.of(target)
  if (merge.mode === 'snapshot') refuseOlderRows(before, history)
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

/** Rolled back to before its last load: the files of that would be merged into what it replaced. */
function refuseOlderRows({ raw_table_name: table, generation }: TableItem, history: TableHistory | undefined): void {
  const rows = history?.lineage.find((one) => one.generation !== null)?.generation ?? generation
  if (rows >= generation) return
  throw new LedgerError(
    'TG3356',
    `\`${table}\` was rolled back to before its last reload or rebuild: its rows are of generation \`${rows}\` and not \`${generation}\`. \`tidegate rebuild ${table} --config FILE\` builds it anew.`,
  )
}

/** The item that look-ups then go by; the same one, unless the table was rolled back or made anew. */
function atCurrent(item: TableItem, history: TableHistory | undefined): TableItem {
  const last_snapshot = settledSnapshot(item, history)
  return last_snapshot === item.last_snapshot ? item : { ...item, revision: item.revision + 1, last_snapshot }
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
