/** Putting the files aside that a batch was rejected for, by the table's policy: the rest then goes into a batch of its own. */
import type { SettledFile } from '../contracts/ledger.ts'
import type { BadFile } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import { plannedOf } from './move-files.ts'
import type { Failed } from './resolution.ts'
import type { SettlePorts } from './settle-ports.ts'

const DETAIL_CHARACTERS = 2000

/**
 * Moves them to history under the claim's token, before the table is released: whoever claims next finds them no more. Repeating
 * it changes nothing. Files that the plan does not have are left alone. Throws what ports throw.
 */
export async function quarantineFiles(
  planned: PlannedTable,
  { quarantine, error }: Pick<Failed, 'quarantine' | 'error'>,
  runId: string,
  ports: SettlePorts,
): Promise<void> {
  if (quarantine.length === 0) return
  const bad = new Map(quarantine.map((file) => [file.file_id, file]))
  const waiting = (await plannedOf(planned, ports)).filter((file) => bad.has(file.file_id))
  const now = ports.clock.now()
  const moves = waiting.map((file) => {
    const settled: SettledFile = {
      ...file,
      file_ingestion_status: 'raw_file_quarantined',
      ...noteOf(bad.get(file.file_id) as BadFile, planned, error.code),
      settled_at_ms: now,
      glue_job_run_id: runId,
      expires_at_s: Math.ceil((now + ports.historyTtlMs) / 1000),
    }
    return { settled }
  })
  if (moves.length === 0) return
  await ports.files.move({ table: planned.table, token: planned.token }, moves)
  ports.signals.count('FilesQuarantined', moves.length)
}

const noteOf = (bad: BadFile, planned: PlannedTable, code: string): Pick<SettledFile, 'reason' | 'quarantine'> => ({
  reason: bad.reason,
  quarantine: {
    stage: bad.stage,
    reason: bad.reason,
    detail: bad.detail.slice(0, DETAIL_CHARACTERS),
    rows: bad.rows ?? [],
    error_code: code,
    batch_id: planned.entry.batch_id,
    discarded_at_ms: null,
  },
})
