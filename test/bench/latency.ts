/** How long after its put on S3 a file is in the ledger, on the local cloud: bucket event, rule, queue, Lambda, DynamoDB. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Workplace } from '../e2e/support/tidegate.ts'
import type { Bench, Finding, Findings } from './page.ts'

const SINGLE = 120
const SINGLE_EVERY_MS = 250
const BURSTS = 4
const BURST_SIZE = 50
const BURST_EVERY_MS = 3_000
const LOOK_EVERY_MS = 50
const GIVE_UP_MS = 60_000
const BUCKET = 'tidegate-local-staging-000000000000-us-east-1'

const CONFIG = `sources:
  bench: { prefix: in/, layout: "{schema}/{table}", shape: dms }
cadences:
  10_min_refresh: { every: 10 minutes }
defaults:
  - match: "*"
    cadence: 10_min_refresh
    keys: [id]
    sequence_by: seq
    apply_as_deletes: { column: Op, equals: D }
    target: { database: bench_raw }
tables:
  bench.single: {}
  bench.bursts: {}
`

async function run(): Promise<Findings> {
  const place = new Workplace()
  try {
    writeFileSync(join(place.folder, 'tidegate.yml'), CONFIG)
    await place.json('local', 'up', '--detach', '--port', '0')
    await place.json('config', 'apply', 'tidegate.yml')
    const ledger = await ledgerOf(place)
    await ledger.timesOf('single', 5, 0, 'warm') // the first Lambda is a cold start
    const single = await ledger.timesOf('single', SINGLE, SINGLE_EVERY_MS, 'single')
    const bursts: number[] = []
    for (let burst = 0; burst < BURSTS; burst += 1) {
      bursts.push(...(await ledger.timesOf('bursts', BURST_SIZE, 0, `burst${burst}`)))
      await delay(BURST_EVERY_MS)
    }
    return {
      rows: [
        ...rowsOf(`${SINGLE} puts, one every ${SINGLE_EVERY_MS} ms`, single),
        ...rowsOf(`${BURSTS} bursts of ${BURST_SIZE} puts at once`, bursts),
      ],
    }
  } finally {
    await place.close()
  }
}

async function ledgerOf(place: Workplace) {
  const { AWS_ENDPOINT_URL: endpoint = '' } = await place.json<Record<string, string>>('local', 'env')
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: '000000000000', secretAccessKey: 'local' },
  }
  const s3 = new S3Client({ ...settings, forcePathStyle: true })
  const dynamodb = new DynamoDBClient(settings)

  /** Keys of the files that wait for the table. */
  async function keysIn(table: string): Promise<Set<string>> {
    const query = {
      TableName: 'odpf_file_tracker',
      ConsistentRead: true,
      KeyConditionExpression: 'source_table_name = :table',
      ExpressionAttributeValues: { ':table': { S: `bench_${table}` } },
      ProjectionExpression: 'file_ingestion_path',
    }
    const keys = new Set<string>()
    for await (const page of paginateQuery({ client: dynamodb }, query))
      for (const { file_ingestion_path: key } of page.Items ?? []) keys.add(key?.S ?? '')
    return keys
  }

  /** Milliseconds from the answer of each put to the look that first saw the file's item: up to one look too long, never too short. */
  async function timesOf(table: string, puts: number, everyMs: number, name: string): Promise<number[]> {
    const putAt = new Map<string, number>()
    const seenAfter = new Map<string, number>()
    const putting = Promise.all(
      Array.from({ length: puts }, async (_, number) => {
        await delay(number * everyMs)
        const key = `in/bench/${table}/${name}/20260102-${String(number).padStart(9, '0')}.parquet`
        await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: `${name} ${number}` }))
        putAt.set(key, performance.now())
      }),
    )
    const deadline = performance.now() + puts * everyMs + GIVE_UP_MS
    while (seenAfter.size < puts) {
      if (performance.now() > deadline)
        throw new Error(`${puts - seenAfter.size} of ${puts} files are not in the ledger`)
      const keys = await keysIn(table)
      const now = performance.now()
      for (const [key, at] of putAt) if (keys.has(key) && !seenAfter.has(key)) seenAfter.set(key, now - at)
      await delay(LOOK_EVERY_MS)
    }
    await putting
    return [...seenAfter.values()]
  }
  return { timesOf }
}

function rowsOf(what: string, timesMs: readonly number[]): Finding[] {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN) / 1000
  const seconds = (value: number) => `${value.toFixed(2)} s`
  return [
    { what: `${what}: p95`, target: '< 2 s', measured: seconds(at(0.95)), met: at(0.95) < 2 },
    { what: `${what}: median, slowest`, target: '-', measured: `${seconds(at(0.5))}, ${seconds(at(1))}` },
  ]
}

export const bench: Bench = {
  title: 'Landing: from S3 put to ledger item',
  method: `On the local cloud, the Lambda warm; from the answer of the put to the first look that finds the item, a look every ${LOOK_EVERY_MS} ms. On AWS other things decide (event delivery, polling of the queue, cold starts): this says what our part and the local cloud cost.`,
  run,
}
