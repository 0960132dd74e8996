/** The ledger, the control bucket and the schedules of a deployment, as the use cases' ports. */
import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import {
  createDocumentClient,
  createGlueClient,
  createS3Client,
  createSchedulerClient,
} from '../../shared/aws/clients.ts'
import { createDynamoAuditLog } from '../../shared/aws/dynamodb-audit-log.ts'
import { createDynamoConfigStore } from '../../shared/aws/dynamodb-config-store.ts'
import { createDynamoFileLedger } from '../../shared/aws/dynamodb-file-ledger.ts'
import { createDynamoTableLedger } from '../../shared/aws/dynamodb-table-ledger.ts'
import { createGlueTableHistories } from '../../shared/aws/glue-table-histories.ts'
import { createS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { createSchedulerSchedules } from '../../shared/aws/scheduler-schedules.ts'
import { tableNames } from '../../shared/aws/tables.ts'
import type { AuditPorts } from '../../shared/operate/audit.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import type { ConfigStore } from '../../shared/ports/config-store.ts'
import type { FileLedger } from '../../shared/ports/file-ledger.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Schedules } from '../../shared/ports/schedules.ts'
import type { TableLedger } from '../../shared/ports/table-ledger.ts'
import type { Deployment } from './deployment.ts'

export interface LedgerPorts {
  readonly files: FileLedger
  readonly tables: TableLedger
  readonly config: ConfigStore
  readonly objects: ObjectStore
}

export function ledgerPorts(deployment: Deployment): LedgerPorts {
  const documents = createDocumentClient()
  const names = tableNames(deployment.tablePrefix)
  return {
    files: createDynamoFileLedger(documents, names),
    tables: createDynamoTableLedger(documents, names),
    config: createDynamoConfigStore(documents, names),
    objects: createS3ObjectStore(createS3Client()),
  }
}

export const schedulesOf = (deployment: Deployment): Schedules =>
  createSchedulerSchedules(createSchedulerClient(), deployment.scheduleGroup)

/** Where an operator's act is written down, and under whose name. */
export const auditPorts = (deployment: Deployment): AuditPorts => ({
  audit: createDynamoAuditLog(createDocumentClient(), tableNames(deployment.tablePrefix)),
  clock: systemClock,
  newId: randomUUID,
  who: `${userName()}@${hostname()}`.slice(0, 255),
})

/** For what applies files again: an operator's act that must know which batches the table has. */
export function appliedFilesPorts(deployment: Deployment) {
  const ledger = ledgerPorts(deployment)
  return {
    ...ledger,
    ...auditPorts(deployment),
    histories: createGlueTableHistories(createGlueClient(), ledger.objects),
    controlBucket: deployment.controlBucket,
    historyTtlMs: deployment.historyTtlMs,
  }
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
