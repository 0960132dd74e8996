/** The use cases' ports on AWS, composed once a container. Only what a Lambda asks for is made, and bundled. */
import type { Metrics } from '@aws-lambda-powertools/metrics'
import { createDocumentClient, createGlueClient, createS3Client, createSfnClient } from '../../shared/aws/clients.ts'
import { createDynamoConfigStore } from '../../shared/aws/dynamodb-config-store.ts'
import { createDynamoFileCensus } from '../../shared/aws/dynamodb-file-census.ts'
import { createDynamoFileLedger } from '../../shared/aws/dynamodb-file-ledger.ts'
import { createDynamoTableLedger } from '../../shared/aws/dynamodb-table-ledger.ts'
import { createGlueJobRuns } from '../../shared/aws/glue-job-runs.ts'
import { createPowertoolsSignals } from '../../shared/aws/powertools-signals.ts'
import { createS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { createSfnExecutions } from '../../shared/aws/sfn-executions.ts'
import { tableNames } from '../../shared/aws/tables.ts'
import type { BatchingPorts } from '../../shared/batching/batch-tables.ts'
import type { ClaimPorts } from '../../shared/claims/claim-table.ts'
import type { DeletionPorts } from '../../shared/landing/deletion.ts'
import type { LandingPorts } from '../../shared/landing/land-file.ts'
import { sourcesFrom } from '../../shared/landing/sources.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import type { ReconcilePartPorts } from '../../shared/reconcile/reconcile-part.ts'
import type { SummaryPorts } from '../../shared/runs/summarise-run.ts'
import type { SettlePorts } from '../../shared/settling/settle-ports.ts'
import { readEnvironment } from './environment.ts'

/** `make`'s first result, for as long as the container lives; a failure is not kept. */
function once<Args extends readonly unknown[], Made>(make: (...args: Args) => Made): (...args: Args) => Made {
  let made: { readonly value: Made } | undefined
  return (...args) => {
    made ??= { value: make(...args) }
    return made.value
  }
}

const environment = once(() => readEnvironment(process.env))
const names = once(() => tableNames(environment().tablePrefix))
const documents = once(() => createDocumentClient())
const files = once(() => createDynamoFileLedger(documents(), names()))
const tables = once(() => createDynamoTableLedger(documents(), names()))
const config = once(() => createDynamoConfigStore(documents(), names()))
const objects = once(() => createS3ObjectStore(createS3Client()))
const jobRuns = once(() => createGlueJobRuns(createGlueClient()))
const executions = once(() => createSfnExecutions(createSfnClient()))
const clock = systemClock

const landingPorts = once((metrics: Metrics): LandingPorts => {
  const { stagingBucket, controlBucket } = environment()
  return {
    objects: objects(),
    files: files(),
    sources: sourcesFrom(objects(), controlBucket, clock),
    clock,
    signals: createPowertoolsSignals(metrics),
    stagingBucket,
  }
})

export const fileManagerPorts = once((metrics: Metrics): LandingPorts & DeletionPorts => ({
  ...landingPorts(metrics),
  objects: objects(),
  files: files(),
  tables: tables(),
  config: config(),
}))

export const batchingPorts = once(
  (metrics: Metrics): BatchingPorts => ({
    config: config(),
    tables: tables(),
    files: files(),
    objects: objects(),
    clock,
    signals: createPowertoolsSignals(metrics),
    controlBucket: environment().controlBucket,
  }),
)

export const claimPorts = once((metrics: Metrics): ClaimPorts => {
  const { controlBucket, historyTtlMs } = environment()
  return {
    config: config(),
    tables: tables(),
    files: files(),
    objects: objects(),
    executions: executions(),
    jobRuns: jobRuns(),
    clock,
    signals: createPowertoolsSignals(metrics),
    controlBucket,
    historyTtlMs,
  }
})

export const settlingPorts = once((metrics: Metrics): SettlePorts => {
  const { controlBucket, historyTtlMs } = environment()
  return {
    tables: tables(),
    files: files(),
    objects: objects(),
    jobRuns: jobRuns(),
    clock,
    signals: createPowertoolsSignals(metrics),
    controlBucket,
    historyTtlMs,
  }
})

export const summaryPorts = once(
  (metrics: Metrics): SummaryPorts => ({ objects: objects(), signals: createPowertoolsSignals(metrics) }),
)

export const reconcilePorts = once((metrics: Metrics): ReconcilePartPorts => {
  const { controlBucket, historyTtlMs, reconcileYoungMs } = environment()
  return {
    ...landingPorts(metrics),
    objects: objects(),
    files: files(),
    tables: tables(),
    config: config(),
    census: createDynamoFileCensus(documents(), names()),
    controlBucket,
    historyTtlMs,
    youngMs: reconcileYoungMs,
  }
})
