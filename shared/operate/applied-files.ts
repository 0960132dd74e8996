/** What verbs that apply files anew ask first: is the table free, how is it configured, where is it now, are the objects there. */
import { mapBounded } from '../bounded.ts'
import { isClaimed } from '../claims/table-state.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { SettledFile, TableItem } from '../contracts/ledger.ts'
import { LedgerError } from '../errors.ts'
import { shown } from '../files/shown.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableHistory } from '../ports/table-histories.ts'
import { notNow } from './table-verb.ts'

/** Put times in the ledger have 12 digits. */
export const FOR_EVER_S = 999_999_999_999

/** Throws LedgerError TG3350 while a batch is open: its files decide first, and a settling in the middle would take what goes back for its own. */
export function refuseUnresolved(item: TableItem): void {
  const next = `\`tidegate explain ${item.raw_table_name}\` says what it waits for.`
  if (isClaimed(item)) throw notNow('TG3350', item, `the run \`${item.glue_job_run_id}\` works on it`, next)
  if (item.entry_uri !== null) throw notNow('TG3350', item, 'its last batch is not resolved', next)
}

/** Throws LedgerError TG3351 if no configuration has the table. */
export async function configurationOf(
  table: string,
  config: Pick<ConfigStore, 'cadences' | 'table'>,
): Promise<TableConfig> {
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
 * Where look-ups may end. A commit is searched for back to the last settled snapshot. Of a table that was rolled back, or made
 * anew, that is not among its snapshots any more, and every look-up would say `unknown`. No batch is open, so there is no commit
 * to find before the next one's: it is enough to look back to where the table is now.
 */
export function settledSnapshot(item: TableItem, history: TableHistory | undefined): string | null {
  const isKept = history?.lineage.some(({ id }) => id === item.last_snapshot) ?? false
  return isKept ? item.last_snapshot : (history?.lineage[0]?.id ?? null)
}

const LOOKS_AT_ONCE = 32

/** Those whose object is not there any more, or has other bytes. */
export async function goneOf(
  files: readonly SettledFile[],
  objects: Pick<ObjectStore, 'head'>,
): Promise<SettledFile[]> {
  const looks = await mapBounded(files, LOOKS_AT_ONCE, async (file) => {
    const head = await objects.head(file.file_ingestion_s3_bucket, file.file_ingestion_path, file.etag)
    return head ? [] : [file]
  })
  return looks.flat()
}

const NAMED = 3

/** Throws LedgerError TG3353, naming the first, if objects are gone: without the newest change of a key, an older one would stand for it. */
export function refuseGone(
  table: string,
  { files, gone }: { readonly files: readonly SettledFile[]; readonly gone: readonly SettledFile[] },
  next: string,
): void {
  if (gone.length === 0) return
  const named = gone
    .slice(0, NAMED)
    .map((file) => `\`s3://${file.file_ingestion_s3_bucket}/${shown(file.file_ingestion_path)}\``)
  throw new LedgerError(
    'TG3353',
    `\`${gone.length}\` of \`${files.length}\` files of \`${table}\` are gone from the bucket or have other bytes, first ${named.join(', ')}. Nothing was changed; ${next}.`,
  )
}
