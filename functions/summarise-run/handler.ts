/** Reads what became of every batch, and says whether a table failed. */
import { summariseRunInput } from '../../shared/contracts/runs.ts'
import { summariseRun } from '../../shared/runs/summarise-run.ts'
import { summaryPorts } from '../_shared/ports.ts'
import { stepHandler } from '../_shared/step-handler.ts'

export const handler = stepHandler('summarise-run', summariseRunInput, summaryPorts, summariseRun)
