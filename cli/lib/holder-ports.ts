/** What the cloud says of a claim's holder: its execution, and the job runs with its `--run-id`. */
import { createGlueClient, createSfnClient } from '../../shared/aws/clients.ts'
import { createGlueJobRuns } from '../../shared/aws/glue-job-runs.ts'
import { createSfnExecutions } from '../../shared/aws/sfn-executions.ts'
import type { HolderPorts } from '../../shared/operate/evidence.ts'
import type { Deployment } from './deployment.ts'

export const holderPorts = (deployment: Deployment): HolderPorts => ({
  executions: createSfnExecutions(createSfnClient()),
  jobRuns: createGlueJobRuns(createGlueClient()),
  jobName: deployment.glueJobName,
})
