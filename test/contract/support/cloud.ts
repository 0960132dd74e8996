/** The emulator with the six tables and a bucket, in an account of its own, for the contract suites of the AWS adapters. */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freePort, startEmulator } from '../../../local/emulator/emulator.ts'
import {
  type ClientOverrides,
  createDocumentClient,
  createS3Client,
  createSchedulerClient,
  createSqsClient,
} from '../../../shared/aws/clients.ts'
import { createDynamoConfigStore } from '../../../shared/aws/dynamodb-config-store.ts'
import { createDynamoFileLedger } from '../../../shared/aws/dynamodb-file-ledger.ts'
import { createDynamoTableLedger } from '../../../shared/aws/dynamodb-table-ledger.ts'
import { createS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { type LedgerTable, tableKeys, tableNames } from '../../../shared/aws/tables.ts'

export type Cloud = Awaited<ReturnType<typeof startCloud>>

/** `bucket` exists, and the tables have the prefix `odpf_`. Stop it in `afterAll`. */
export async function startCloud() {
  const directory = mkdtempSync(join(tmpdir(), 'tidegate-contract-'))
  const publicEndpoint = `http://127.0.0.1:${await freePort()}`
  const emulator = await startEmulator({ publicEndpoint, logFile: join(directory, 'emulator.log') })
  const overrides: ClientOverrides = {
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: String(randomInt(1e11, 1e12)), secretAccessKey: 'local' },
  }
  const documents = createDocumentClient(overrides)
  const s3 = createS3Client(overrides)
  const names = tableNames('odpf_')
  const bucket = 'contract-objects'
  await Promise.all([
    ...Object.keys(tableKeys).map((table) => createTable(table as LedgerTable)),
    s3.send(new CreateBucketCommand({ Bucket: bucket })),
  ])

  async function createTable(table: LedgerTable): Promise<void> {
    const keys = tableKeys[table]
    await documents.send(
      new CreateTableCommand({
        TableName: names[table],
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: keys.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: keys.map((name, index) => ({ AttributeName: name, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      }),
    )
  }

  return {
    documents,
    s3,
    names,
    bucket,
    scheduler: createSchedulerClient(overrides),
    sqs: createSqsClient(overrides),
    ports: {
      files: createDynamoFileLedger(documents, names),
      tables: createDynamoTableLedger(documents, names),
      config: createDynamoConfigStore(documents, names),
      objects: createS3ObjectStore(s3),
    },
    stop: async () => {
      await emulator.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
