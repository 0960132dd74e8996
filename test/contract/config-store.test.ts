import { afterAll, beforeAll } from 'vitest'
import { createMemoryConfigStore } from '../../shared/memory/config-store.ts'
import { createMemoryPorts } from '../../shared/memory/index.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { configRaceContract } from './support/config-race-contract.ts'
import { configStoreContract } from './support/config-store-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

configStoreContract('memory', () => createMemoryConfigStore())
configStoreContract('DynamoDB', () => cloud.ports.config)
configRaceContract('memory', createMemoryPorts)
configRaceContract('DynamoDB', () => cloud.ports)
