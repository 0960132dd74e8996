/** Writes the outcomes of one batch into the ledger. Returns nothing, since the Map's children together may return 256 KiB. */
import { settleBatchInput } from '../../shared/contracts/runs.ts'
import { settleBatch } from '../../shared/settling/settle-batch.ts'
import { settlingPorts } from '../_shared/ports.ts'
import { stepHandler } from '../_shared/step-handler.ts'

export const handler = stepHandler('settle-batch', settleBatchInput, settlingPorts, async (input, ports) => {
  await settleBatch(input, ports)
  return {}
})
