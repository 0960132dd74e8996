import { afterAll, beforeAll } from 'vitest'
import { createMemoryConfigStore } from '../../shared/memory/config-store.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { configStoreContract } from './support/config-store-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

configStoreContract('memory', () => createMemoryConfigStore())
configStoreContract('DynamoDB', () => cloud.ports.config)
