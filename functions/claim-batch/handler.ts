/** Claims the tables of one batch, freezes their files, and puts the plan for the job. */
import { claimBatch } from '../../shared/claims/claim-batch.ts'
import { claimBatchInput } from '../../shared/contracts/runs.ts'
import { claimPorts } from '../_shared/ports.ts'
import { stepHandler } from '../_shared/step-handler.ts'

export const handler = stepHandler('claim-batch', claimBatchInput, claimPorts, claimBatch)
