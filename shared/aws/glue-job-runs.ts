/** Job runs, asked of Glue. */
import { GetJobRunsCommand, type GlueClient, type JobRun as GlueJobRun } from '@aws-sdk/client-glue'
import type { JobRuns } from '../ports/job-runs.ts'
import { engineError, nameOf } from './errors.ts'

/** Glue's clock is not the ledger's. */
const slackMs = 60_000
const runsPerPage = 200
const over = new Set(['SUCCEEDED', 'FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED'])

export function createGlueJobRuns(client: GlueClient): JobRuns {
  return {
    async of(jobName, runId, sinceMs) {
      const found: GlueJobRun[] = []
      let NextToken: string | undefined
      do {
        const page = await pageOf(jobName, NextToken)
        found.push(...page.runs.filter((run) => run.Arguments?.['--run-id'] === runId))
        // Newest first: what follows a run that is too old is older still.
        const tooOld = page.runs.some((run) => (run.StartedOn?.getTime() ?? sinceMs) < sinceMs - slackMs)
        NextToken = tooOld ? undefined : page.NextToken
      } while (NextToken)
      return found.map(({ Id, JobRunState }) => ({
        id: Id ?? '',
        state: JobRunState ?? 'UNKNOWN',
        over: over.has(JobRunState ?? ''),
      }))
    },
  }

  async function pageOf(JobName: string, NextToken: string | undefined) {
    try {
      const answer = await client.send(new GetJobRunsCommand({ JobName, MaxResults: runsPerPage, NextToken }))
      return { runs: answer.JobRuns ?? [], NextToken: answer.NextToken }
    } catch (error) {
      // No such job any more: none of its runs can be found, which proves nothing.
      if (nameOf(error) === 'EntityNotFoundException') return { runs: [], NextToken: undefined }
      throw engineError(error, `listing the runs of job \`${JobName}\``)
    }
  }
}
