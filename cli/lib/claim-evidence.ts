/** What the cloud says of a claim's holder: its execution, and the job runs with its `--run-id`. */
import { createSfnClient } from '../../shared/aws/clients.ts'
import { createSfnExecutions } from '../../shared/aws/sfn-executions.ts'
import type { EvidencePorts } from '../../shared/operate/evidence.ts'
import type { Deployment } from './deployment.ts'
import { logSourcesOf } from './log-sources.ts'

/** Glue's clock is not the ledger's. */
const slackMs = 60_000

export function claimEvidence(deployment: Deployment): EvidencePorts {
  return {
    executions: createSfnExecutions(createSfnClient()),
    jobRunsOf: async (runId, sinceMs) => {
      const sources = logSourcesOf(deployment)
      try {
        const all = await sources.jobRuns({ startMs: sinceMs - slackMs, endMs: Number.POSITIVE_INFINITY })
        return all.filter((run) => run.run_id === runId).map(({ id, state }) => ({ id, state }))
      } finally {
        sources.close()
      }
    },
  }
}
