/** One local cloud for the tests of a file, with SDK clients on its one port. */

import { setTimeout as delay } from 'node:timers/promises'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { GlueClient } from '@aws-sdk/client-glue'
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { SFNClient } from '@aws-sdk/client-sfn'
import { SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll } from 'vitest'
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../../local/cloud.ts'
import { adaptZip, localRuntime } from '../../../local/lambda-runtime/adapt.ts'
import { addToZip } from '../../../local/lambda-runtime/zip.ts'

export const account = '000000000000'
export const region = 'us-east-1'

const clientsOf = (endpoint: string) => {
  const settings = { endpoint, region, credentials: { accessKeyId: account, secretAccessKey: 'local' } }
  return {
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sqs: new SQSClient(settings),
    dynamodb: new DynamoDBClient(settings),
    events: new EventBridgeClient(settings),
    lambda: new LambdaClient(settings),
    glue: new GlueClient(settings),
    logs: new CloudWatchLogsClient(settings),
    scheduler: new SchedulerClient(settings),
    sfn: new SFNClient(settings),
  }
}

export type Clients = ReturnType<typeof clientsOf>
export interface Running extends Clients {
  cloud: LocalCloud
}

/** A local cloud on a free port with its clients; the caller stops it. */
export async function start(options: LocalCloudOptions = {}): Promise<Running> {
  const cloud = await startLocalCloud({ port: 0, ...options })
  return { cloud, ...clientsOf(cloud.endpoint) }
}

/** One local cloud for all tests of the file. Read it inside tests only. */
export function sharedCloud(options: LocalCloudOptions = {}): Running {
  const running = {} as Running
  beforeAll(async () => void Object.assign(running, await start(options)))
  afterAll(async () => running.cloud?.stop())
  return running
}

/** Looks every 50 ms until there is something; throws after `withinMs` with what was last seen. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${look.toString()}`)
    await delay(50)
  }
}

const emptyZip = Buffer.concat([Buffer.from([0x50, 0x4b, 5, 6]), Buffer.alloc(18)])

/** A zip as the packager makes it: the handler's module below `functions/x/`. */
export const packaged = (source: string): Uint8Array =>
  addToZip(emptyZip, [{ name: 'functions/x/handler.mjs', bytes: Buffer.from(source), mode: 0o644 }])

/** Registers a function as the local cloud's deploy does. */
export async function createFunction(
  { lambda }: Running,
  name: string,
  source: string,
  settings: { timeout?: number; handler?: string } = {},
): Promise<void> {
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: localRuntime,
      Handler: settings.handler ?? 'functions/x/handler.handler',
      Role: `arn:aws:iam::${account}:role/any`,
      Code: { ZipFile: adaptZip(packaged(source)) },
      Timeout: settings.timeout ?? 10,
      MemorySize: 256,
    }),
  )
}

/** Calls a function and gives its answer, parsed, and whether it failed. */
export async function invoke(
  { lambda }: Running,
  name: string,
  event: unknown = {},
): Promise<{ failed: string | undefined; answer: Record<string, unknown> }> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }),
  )
  return { failed: FunctionError, answer: JSON.parse(Buffer.from(Payload ?? new Uint8Array()).toString('utf8')) }
}

/** The lines that a function has written. */
export async function logsOf({ logs }: Running, name: string): Promise<string[]> {
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }))
  return (events ?? []).map(({ message }) => message ?? '')
}
