import { afterAll, beforeAll } from 'vitest'
import { createDynamoFileCensus } from '../../shared/aws/dynamodb-file-census.ts'
import { createMemoryPorts } from '../../shared/memory/index.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { fileCensusContract } from './support/file-census-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

fileCensusContract('memory', () => createMemoryPorts())
fileCensusContract('DynamoDB', () => ({ ...cloud.ports, census: createDynamoFileCensus(cloud.documents, cloud.names) }))
