/** Moving the files of an applied batch from the tracker to history, each with what the job counted in it. */

import { mapBounded } from '../bounded.ts'
import { fullLoadMarkerId, type LandedFile, type SettledFile } from '../contracts/ledger.ts'
import type { AppliedFile, Outcome } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import { LedgerError } from '../errors.ts'
import { isQuarantined } from '../files/quarantine.ts'
import { lookFurther } from '../look-further.ts'
import type { FileMove } from '../ports/file-ledger.ts'
import type { SettlePorts } from './settle-ports.ts'

const LOOKS_AT_ONCE = 16

/**
 * Files that were moved before are left as they are. Throws LedgerError TG3001 when the claim is no longer ours, TG3108 when a
 * planned file is neither waiting nor settled.
 */
export async function moveFiles(planned: PlannedTable, outcome: Outcome, ports: SettlePorts): Promise<void> {
  const waiting = await waitingAll(planned, ports)
  const applied = new Map(outcome.files.map((file) => [file.file_id, file]))
  const moves = waiting.map((file) => moveOf(file, applied.get(file.file_id), planned, outcome, ports))
  if (moves.length > 0) await ports.files.move({ table: planned.table, token: planned.token }, moves)
}

/** The planned files that still wait: the oldest of the table, but for older ones that landed since. */
export async function plannedOf(planned: PlannedTable, ports: Pick<SettlePorts, 'files'>): Promise<LandedFile[]> {
  const ids = new Set(planned.entry.files.map((file) => file.file_id))
  if (ids.size === 0) return []
  const plannedIn = (waiting: readonly LandedFile[]) => waiting.filter((file) => ids.has(file.file_id))
  const waiting = await lookFurther(
    ids.size,
    (limit) => ports.files.waiting(planned.table, limit),
    (found) => plannedIn(found).length === ids.size,
  )
  return plannedIn(waiting)
}

/**
 * Those that wait. What does not must have been settled by an earlier call: the lake has it, so the ledger must know it. A settling
 * that died after it put a file aside left the batch as it was; another attempt could read the file, and has applied it.
 */
async function waitingAll(planned: PlannedTable, ports: SettlePorts): Promise<LandedFile[]> {
  const waiting = await plannedOf(planned, ports)
  const found = new Set(waiting.map((file) => file.file_id))
  const missing = planned.entry.files.filter((file) => !found.has(file.file_id))
  const released = await mapBounded(missing, LOOKS_AT_ONCE, async (file) => {
    const settled = await ports.files.settled(planned.table, file.file_id)
    if (settled) return isQuarantined(settled) && ports.files.release(settled, ports.clock.now())
    throw new LedgerError(
      'TG3108',
      `\`${file.uri}\` was applied to \`${planned.table}\` in batch \`${planned.entry.batch_id}\`, but the ledger has it neither waiting nor settled. Find out who removed \`${file.file_id}\`, and restore it to the file tracker.`,
    )
  })
  return released.includes(true) ? plannedOf(planned, ports) : waiting
}

function moveOf(
  file: LandedFile,
  applied: AppliedFile | undefined,
  planned: PlannedTable,
  outcome: Outcome,
  ports: SettlePorts,
): FileMove {
  const now = ports.clock.now()
  const generation = planned.entry.generation.id
  const settled: SettledFile = {
    ...file,
    file_ingestion_status: 'raw_file_processed',
    settled_at_ms: now,
    batch_id: planned.entry.batch_id,
    glue_job_run_id: outcome.run_id,
    generation,
    ...(applied && { rows: applied.rows, min_sequence: applied.min_sequence, max_sequence: applied.max_sequence }),
    expires_at_s: Math.ceil((now + ports.historyTtlMs) / 1000),
  }
  if (file.dms_file_type !== 'Full') return { settled }
  return {
    settled,
    marker: {
      source_table_name: file.source_table_name,
      file_id: fullLoadMarkerId(generation, file.file_ingestion_path),
      file_ingestion_path: file.file_ingestion_path,
      put_at_s: file.put_at_s,
      marker_of: file.file_id,
    },
  }
}
