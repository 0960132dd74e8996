/** Quarantined files: found by what people type, and decided upon: applied after all, or given up. */
import { mapBounded } from '../bounded.ts'
import type { SettledFile } from '../contracts/ledger.ts'
import { InputError, LedgerError } from '../errors.ts'
import { isQuarantined } from '../files/quarantine.ts'
import { shown } from '../files/shown.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type AuditPorts, audited } from './audit.ts'

const TABLES_AT_ONCE = 16
/** More than anybody reads; the oldest come first. */
const MOST_OF_A_TABLE = 1000

/** Those that wait for a decision, by table and then oldest put first. One query a table. */
export async function quarantinedFiles(
  tables: readonly string[],
  files: Pick<FileLedger, 'quarantined'>,
): Promise<SettledFile[]> {
  return (await mapBounded(tables, TABLES_AT_ONCE, (table) => files.quarantined(table, MOST_OF_A_TABLE))).flat()
}

/**
 * The one quarantined file that `named` means: its id, the beginning of it, its key, or `s3://bucket/key`. One that was given
 * up is found by its whole id. Throws InputError TG2641 if there is none, TG2642 if there are several.
 */
export async function quarantinedFile(
  named: string,
  tables: readonly string[],
  files: Pick<FileLedger, 'quarantined' | 'settled'>,
): Promise<SettledFile> {
  const [file, ...others] = (await quarantinedFiles(tables, files)).filter((one) => isNamed(one, named))
  if (others.length > 0)
    throw new InputError(
      'TG2642',
      `\`${shown(named)}\` means ${others.length + 1} quarantined files. Give more of one's id; \`tidegate quarantine list\` has them.`,
    )
  const found = file ?? (await settledAs(named, tables, files))
  if (found) return found
  throw new InputError(
    'TG2641',
    `no quarantined file is \`${shown(named)}\`. \`tidegate quarantine list\` has those that wait for a decision.`,
  )
}

/** Fewer characters of an id are only the time of its put. */
const SHORTEST_ID = 12

const isNamed = (file: SettledFile, named: string): boolean =>
  file.file_ingestion_path === named ||
  `s3://${file.file_ingestion_s3_bucket}/${file.file_ingestion_path}` === named ||
  (named.length >= SHORTEST_ID && file.file_id.startsWith(named))

async function settledAs(id: string, tables: readonly string[], files: Pick<FileLedger, 'settled'>) {
  if (!/^\d{12}-\S+$/.test(id)) return undefined
  const found = await mapBounded(tables, TABLES_AT_ONCE, (table) => files.settled(table, id))
  return found.find((file) => file !== undefined && isQuarantined(file))
}

export interface DecisionPorts extends AuditPorts {
  readonly files: Pick<FileLedger, 'release' | 'discard'>
  readonly objects: Pick<ObjectStore, 'head'>
}

/**
 * It waits again, under its own id. Throws LedgerError TG3321 if its bytes are not on the bucket any more, TG3320 if somebody
 * decided since it was seen; nothing is changed then.
 */
export async function releaseFile(seen: SettledFile, reason: string | null, ports: DecisionPorts): Promise<void> {
  await refuseWithoutObject(seen, ports.objects)
  await decide('quarantine release', seen, reason, ports, () => ports.files.release(seen, ports.clock.now()))
}

/** Its changes are given up; history keeps it. Throws LedgerError TG3320 as above, and TG3322 if that was done already. */
export async function discardFile(seen: SettledFile, reason: string, ports: DecisionPorts): Promise<void> {
  refuseDiscarded(seen)
  await decide('quarantine discard', seen, reason, ports, () => ports.files.discard(seen, ports.clock.now()))
}

/** Releasing it would only have it rejected again. */
export async function refuseWithoutObject(file: SettledFile, objects: Pick<ObjectStore, 'head'>): Promise<void> {
  const { file_ingestion_s3_bucket: bucket, file_ingestion_path: key, etag } = file
  if (await objects.head(bucket, key, etag)) return
  throw new LedgerError(
    'TG3321',
    `\`s3://${bucket}/${shown(key)}\` is gone, or has other bytes than those that were quarantined. A newer put of the key is a file of its own and needs no release: discard this one.`,
  )
}

export function refuseDiscarded(file: SettledFile): void {
  if (file.quarantine?.discarded_at_ms == null) return
  throw new LedgerError(
    'TG3322',
    `\`${file.file_id}\` was given up already, at ${new Date(file.quarantine.discarded_at_ms).toISOString()}. To apply it after all: \`tidegate quarantine release\`.`,
  )
}

// operator A  sees the item ─ is asked, agrees ─ one transaction, if history still has that very item
// operator B        sees it ─ decides first: A is refused, and nothing of A's has happened
async function decide(
  verb: string,
  seen: SettledFile,
  reason: string | null,
  ports: DecisionPorts,
  write: () => Promise<boolean>,
): Promise<void> {
  await audited({ verb, target: seen.file_id, reason }, ports, async (note) => {
    note({ table: seen.source_table_name, path: seen.file_ingestion_path, rejected: seen.quarantine?.batch_id ?? null })
    if (await write()) return
    throw new LedgerError(
      'TG3320',
      `\`${seen.file_id}\` is not as it was when \`${verb}\` looked: somebody decided, or it was quarantined anew. Nothing was changed; look with \`tidegate quarantine show\`.`,
    )
  })
}
