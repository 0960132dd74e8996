/** Packs the tables of a cadence that have waiting files into batches, for the state machine's Map. */
import { batchTables } from '../../shared/batching/batch-tables.ts'
import { batchManagerInput } from '../../shared/contracts/runs.ts'
import { batchingPorts } from '../_shared/ports.ts'
import { stepHandler } from '../_shared/step-handler.ts'

export const handler = stepHandler('batch-manager', batchManagerInput, batchingPorts, batchTables)
