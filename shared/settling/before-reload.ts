/** Files from before a reload that is in the table now: nothing will apply them any more. */
import { supersede } from '../claims/supersede.ts'
import type { LandedFile } from '../contracts/ledger.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { lookFurther } from '../look-further.ts'
import type { SettlePorts } from './settle-ports.ts'

/**
 * Not before the commit: until then they may still go into the generation before. Repeating it changes nothing, and what is
 * landed later still is superseded by the next claim. Does nothing for a batch that is no reload.
 */
export async function supersedeBeforeReload(planned: PlannedTable, ports: SettlePorts): Promise<void> {
  const { from_s } = planned.entry.generation
  if (from_s === undefined) return
  const claim = { raw_table_name: planned.table, claim_token: planned.token }
  await supersede(claim, await waitingBefore(planned.table, from_s, ports.files), ports, 'before_reload')
}

/** Of the oldest waiting files, asked for first. */
const FEW = 64

async function waitingBefore(
  table: string,
  from_s: EpochSeconds,
  files: Pick<SettlePorts['files'], 'waiting'>,
): Promise<LandedFile[]> {
  const isBefore = (file: LandedFile) => file.put_at_s < from_s
  const waiting = await lookFurther(
    FEW,
    (limit) => files.waiting(table, limit),
    (found) => !found.every(isBefore),
  )
  return waiting.filter(isBefore)
}
