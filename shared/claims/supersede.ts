/** Files that other puts stand for leave the tracker unapplied: overwritten ones, and those from before a reload. */
import type { LandedFile, SettledFile, TableItem } from '../contracts/ledger.ts'
import { dateTimeOf } from '../date-time.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { Signals } from '../ports/signals.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import type { Obsolete } from './choose-files.ts'

interface SupersedePorts {
  readonly files: Pick<FileLedger, 'move'>
  readonly clock: Clock
  readonly signals: Signals
  readonly historyTtlMs: number
}

type Claim = Pick<TableItem, 'raw_table_name' | 'claim_token'>

/**
 * Moves them to history under the claim's token. `FilesSuperseded` has an alarm, since a source that overwrites loses changes; a
 * full load that was put again loses none.
 */
export async function supersede(
  claim: Claim,
  files: readonly LandedFile[],
  ports: SupersedePorts,
  reason: keyof Obsolete = 'overwritten',
): Promise<void> {
  if (files.length === 0) return
  const now = ports.clock.now()
  const moves = files.map((file) => {
    const settled: SettledFile = {
      ...file,
      file_ingestion_status: 'raw_file_superseded',
      reason,
      settled_at_ms: now,
      expires_at_s: Math.ceil((now + ports.historyTtlMs) / 1000),
    }
    return { settled }
  })
  await ports.files.move({ table: claim.raw_table_name, token: claim.claim_token }, moves)
  const changes = reason === 'overwritten' ? files.filter((file) => file.dms_file_type === 'Incremental').length : 0
  if (changes > 0) ports.signals.count('FilesSuperseded', changes)
  if (files.length > changes) ports.signals.count('FilesBeforeReload', files.length - changes)
}

export async function supersedeAll(claim: Claim, obsolete: Obsolete, ports: SupersedePorts): Promise<void> {
  await supersede(claim, obsolete.overwritten, ports, 'overwritten')
  await supersede(claim, obsolete.before_reload, ports, 'before_reload')
  await supersede(claim, obsolete.truncated, ports, 'truncated')
}

export const isAny = ({ overwritten, before_reload, truncated }: Obsolete): boolean =>
  overwritten.length + before_reload.length + truncated.length > 0

// sweeper  get (revision 7) ─ replace: claimed, token 8, no entry ─ move, if token 8 ─ replace: as it was, token 8
// dies in between: whoever comes next finds a claim without an entry, which no job can have seen, and claims as ever
/**
 * Supersedes what waits where nothing else is to be claimed. `claim` is `seen` itself for its owner that comes back. False if
 * somebody else wrote the item.
 */
export async function sweep(
  claim: TableItem,
  seen: TableItem | undefined,
  obsolete: Obsolete,
  ports: SupersedePorts & { readonly tables: Pick<TableLedger, 'replace'> },
): Promise<boolean> {
  if (claim !== seen && !(await ports.tables.replace(claim, seen)).written) return false
  await supersedeAll(claim, obsolete, ports)
  const free: TableItem = {
    ...claim,
    revision: claim.revision + 1,
    refresh_status: claim.error === null ? 'completed' : 'refresh_error',
    refresh_end_time: dateTimeOf(ports.clock.now()),
    claim_owner: null,
  }
  return (await ports.tables.replace(free, claim)).written
}
