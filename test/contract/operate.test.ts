import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll } from 'vitest'
import { createDynamoAuditLog } from '../../shared/aws/dynamodb-audit-log.ts'
import { createMemoryPorts } from '../../shared/memory/index.ts'
import { CONTROL, STAGING } from '../unit/claims/world.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { operateContract } from './support/operate-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
  for (const Bucket of [CONTROL, STAGING]) await cloud.s3.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => cloud?.stop())

const facts = { controlBucket: CONTROL, historyTtlMs: 400 * 86_400_000 }

operateContract('memory', () => ({ ...createMemoryPorts(), ...facts }))
operateContract('AWS', () => ({
  ...createMemoryPorts(),
  ...facts,
  ...cloud.ports,
  audit: createDynamoAuditLog(cloud.documents, cloud.names),
}))
