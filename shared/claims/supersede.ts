/** Overwritten change files leave the tracker: their bytes are gone, and the newer put of their key stands for itself. */
import type { LandedFile, SettledFile, TableItem } from '../contracts/ledger.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { Signals } from '../ports/signals.ts'

interface SupersedePorts {
  readonly files: Pick<FileLedger, 'move'>
  readonly clock: Clock
  readonly signals: Signals
  readonly historyTtlMs: number
}

/** Moves them to history under the claim's token. `FilesSuperseded` has an alarm: a source that overwrites loses changes. */
export async function supersede(
  claim: Pick<TableItem, 'raw_table_name' | 'claim_token'>,
  files: readonly LandedFile[],
  ports: SupersedePorts,
): Promise<void> {
  if (files.length === 0) return
  const now = ports.clock.now()
  const moves = files.map((file) => {
    const settled: SettledFile = {
      ...file,
      file_ingestion_status: 'raw_file_superseded',
      reason: 'overwritten',
      settled_at_ms: now,
      expires_at_s: Math.ceil((now + ports.historyTtlMs) / 1000),
    }
    return { settled }
  })
  await ports.files.move({ table: claim.raw_table_name, token: claim.claim_token }, moves)
  ports.signals.count('FilesSuperseded', files.length)
}
