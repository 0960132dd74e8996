import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDynamoAuditLog } from '../../shared/aws/dynamodb-audit-log.ts'
import { createMemoryAuditLog } from '../../shared/memory/audit-log.ts'
import { auditLogContract } from './support/audit-log-contract.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { claimed, newName, runOf } from './support/items.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

auditLogContract('memory', createMemoryAuditLog)
auditLogContract('DynamoDB', () => createDynamoAuditLog(cloud.documents, cloud.names))

test('audit items and runs share a table and don’t meet', async () => {
  const table = newName()
  const audit = createDynamoAuditLog(cloud.documents, cloud.names)
  const before = await audit.recent(100)
  await cloud.ports.tables.replace(claimed(table), undefined, runOf(table, 'run-1-0', 5))
  expect(await audit.recent(100)).toEqual(before)
  expect(await cloud.ports.tables.runs(table, 100)).toHaveLength(1)
})
