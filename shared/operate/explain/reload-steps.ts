/** The step of a story that tells of a reload: what waits for it, and when it is put in place. */
import { isHeld } from '../../claims/table-state.ts'
import type { LandedFile, TableItem } from '../../contracts/ledger.ts'
import { reloadNextAction, reloadStatus } from '../../status/reload.ts'
import type { ExplainPorts } from './ports.ts'
import { done, filesText, type Step, stuck, timeText, waits } from './story.ts'
import type { Configured } from './table-steps.ts'

/** None where no reload is staged or asked for, or where the one that is does not keep `file`. */
export async function reloadSteps(
  configured: Configured | undefined,
  item: TableItem | undefined,
  ports: ExplainPorts,
  file?: LandedFile,
): Promise<Step[]> {
  const reload = configured && (await reloadStatus(configured.table, item, ports))
  if (!configured || !reload) return []
  const { since_ms, waits_from_ms, asked_ms, obstacle, complete_ms, full_files } = reload
  if (file && (waits_from_ms === null || file.put_at_s * 1000 < waits_from_ms)) return []
  // What holds a truncated table says it all.
  if (full_files === 0 && since_ms !== null && isHeld(item)) return []
  const next = reloadNextAction(configured.table.source_table_name, reload, ports.clock.now())
  if (since_ms === null)
    return [done('queue', 'a reload was asked for, and no full-load file was put since', { at_ms: asked_ms, next })]
  const what = file ? 'it waits for a reload of the table' : 'a reload of the table is staged'
  const says = `${what}, with ${filesText(full_files)} of its full load until now: readers see the table as it was`
  // What holds the table comes first.
  const step = (obstacle !== null || complete_ms === 'operator') && !isHeld(item) ? stuck : waits
  return [step('queue', `${says}; it began ${timeText(since_ms)}`, { at_ms: since_ms, next })]
}
