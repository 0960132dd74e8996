/**
 * AWS SDK clients as this project wants them: kept-alive connections, time-outs that are errors, bounded retries.
 * Endpoint, Region and credentials come from the SDK's own environment; there is no local branch.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GlueClient } from '@aws-sdk/client-glue'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { SFNClient } from '@aws-sdk/client-sfn'
import { SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** What tests override; product code leaves all of it to the SDK. */
export interface ClientOverrides {
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly maxAttempts?: number
}

/** Attempts of one call, the first included. */
const maxAttempts = 6

/** `requestTimeout` alone only logs a warning; it is an error, and so retried, when `throwOnRequestTimeout` is set. */
const settings = (requestTimeoutMs: number) => ({
  maxAttempts,
  retryMode: 'standard' as const,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: 64 },
    httpsAgent: { keepAlive: true, maxSockets: 64 },
  },
})

/**
 * Numbers beyond 2^53 would make the document client throw without saying where. As plain (inexact) numbers they are
 * refused by the item's contract, which names table and key.
 */
export const wrapNumbers = (text: string): number => Number(text)

/** Reads and writes items as plain objects; undefined attributes are left out. */
export function createDocumentClient(overrides: ClientOverrides = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ ...settings(5_000), ...overrides }), {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers },
  })
}

/** With an IP address as endpoint the SDK uses path style by itself. */
export const createS3Client = (overrides: ClientOverrides = {}): S3Client =>
  new S3Client({ ...settings(30_000), ...overrides })

export const createGlueClient = (overrides: ClientOverrides = {}): GlueClient =>
  new GlueClient({ ...settings(10_000), ...overrides })

export const createSfnClient = (overrides: ClientOverrides = {}): SFNClient =>
  new SFNClient({ ...settings(10_000), ...overrides })

export const createSchedulerClient = (overrides: ClientOverrides = {}): SchedulerClient =>
  new SchedulerClient({ ...settings(10_000), ...overrides })

export const createSqsClient = (overrides: ClientOverrides = {}): SQSClient =>
  new SQSClient({ ...settings(10_000), ...overrides })

export const createLambdaClient = (overrides: ClientOverrides = {}): LambdaClient =>
  new LambdaClient({ ...settings(10_000), ...overrides })
