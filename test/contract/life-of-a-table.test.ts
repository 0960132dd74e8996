import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll } from 'vitest'
import { createMemoryPorts } from '../../shared/memory/index.ts'
import { CONTROL, STAGING } from '../unit/claims/world.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { lifeContract } from './support/life-contract.ts'
import { recoveryContract } from './support/recovery-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
  for (const Bucket of [CONTROL, STAGING]) await cloud.s3.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => cloud?.stop())

const facts = { controlBucket: CONTROL, historyTtlMs: 400 * 86_400_000 }

lifeContract('memory', () => ({ ...createMemoryPorts(), ...facts }))
lifeContract('AWS', () => ({ ...createMemoryPorts(), ...facts, ...cloud.ports }))
recoveryContract('memory', () => ({ ...createMemoryPorts(), ...facts }))
recoveryContract('AWS', () => ({ ...createMemoryPorts(), ...facts, ...cloud.ports }))
