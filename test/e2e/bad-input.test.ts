/** Bad input: a numbered error that names the thing; that message or table alone fails; nothing is lost. */
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { root, run, Workplace } from './support/tidegate.ts'

interface Row {
  readonly table: string
  readonly status: string
  readonly waiting_files: number
  readonly error: { code: string; message: string } | null
}
interface Status {
  readonly tables: readonly Row[]
  readonly dead_letters: ReadonlyArray<{ queue: string; messages: number }>
}

const bad = ['columns', 'empty', 'nosequence', 'nullkey', 'truncated'] as const
const change = 'in/shop/%/20231118-101012345.parquet'

describe('bad input', () => {
  let place: Workplace
  let settings: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } }
  let outputs: Record<string, string>

  const status = () => place.json<Status>('status')
  const rowsByTable = async () => new Map((await status()).tables.map((row) => [row.table, row]))

  beforeAll(async () => {
    place = new Workplace()
    await place.json('local', 'up', '--detach', '--port', '0')
    await place.json('config', 'apply', join(root, 'test/e2e/bad-input.yml'))
    const made = await run(
      join(root, '.venv/bin/python'),
      [join(root, 'test/e2e/support/bad_files.py'), place.folder],
      root,
    )
    expect(made.stderr).toBe('')

    const env = await place.json<Record<string, string>>('local', 'env')
    const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
    settings = { endpoint: env.AWS_ENDPOINT_URL ?? '', region: env.AWS_REGION ?? '', credentials }
    const stacks = await new CloudFormationClient(settings).send(
      new DescribeStacksCommand({ StackName: 'tidegate-local' }),
    )
    outputs = Object.fromEntries((stacks.Stacks?.[0]?.Outputs ?? []).map((o) => [o.OutputKey, o.OutputValue]))
  })
  afterAll(() => place?.close())

  it('bad files land like good ones, and wait', async () => {
    // Three receives at the shipped visibility time-out would be 18 minutes. A receive under way keeps the one that it began with;
    // it has ended when these files have landed.
    const shorter = { QueueUrl: outputs.FileManagerQueueUrl, Attributes: { VisibilityTimeout: '5' } }
    await new SQSClient(settings).send(new SetQueueAttributesCommand(shorter))
    const landed = await place.json<{ objects: number; ledger: { landed: number } }>(
      'land',
      join(place.folder, 'first'),
      '--wait',
    )
    expect(landed.ledger.landed).toBe(landed.objects)
  })

  it('a bad event goes to the dead letters, alone', async () => {
    const sqs = new SQSClient(settings)
    const QueueUrl = outputs.FileManagerQueueUrl
    const event = (key: string) => ({
      id: 'e',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2023-11-18T10:10:12Z',
      detail: { bucket: { name: outputs.StagingBucketName }, object: { key, size: 1, etag: 'x' } },
    })
    for (const body of ['no json', JSON.stringify(event('in/shop/../good/LOAD00000001.parquet'))])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }))
    const stray = { Bucket: outputs.StagingBucketName, Key: 'stray.txt', Body: 'x' }
    await new S3Client(settings).send(new PutObjectCommand(stray))

    await vi.waitFor(
      async () => {
        const queue = (await status()).dead_letters.find((one) => one.queue === 'FileManager')
        expect(queue?.messages).toBe(3)
      },
      { timeout: 60_000, interval: 1000 },
    )
  })

  it('one bad file fails its table alone, with a number, its name and what to do', async () => {
    // Over a waiting change file: the older put can't be read any more.
    await place.json(
      'land',
      join(place.folder, 'mended', 'in', 'shop', 'overwritten'),
      '--prefix',
      'in/shop/overwritten/',
      '--wait',
    )
    const ended = await place.tidegate('--json', 'run', '10_min_refresh', '--wait')
    expect(ended.code).toBe(1)
    const result = JSON.parse(ended.stdout) as { status: string; failed: string[]; completed: number }
    expect(result.status).toBe('FAILED')
    expect(result.failed.toSorted()).toEqual(bad.map((name) => `shop_${name}`))
    // good, history, overwritten, csv, and the envelopes
    expect(result.completed).toBe(5)

    const rows = await rowsByTable()
    for (const name of bad) {
      const row = rows.get(`shop_${name}`)
      expect(row).toMatchObject({ status: 'refresh_error', waiting_files: 2 })
      expect(row?.error?.code).toMatch(/^TG2\d{3}$/)
      expect(row?.error?.message).toContain(change.replace('%', name))
    }
    expect(rows.get('shop_good')).toMatchObject({ status: 'completed', waiting_files: 0 })
    expect(rows.get('shop_csv')).toMatchObject({ status: 'completed', waiting_files: 0 })
    expect(rows.get('shop_asleep')).toMatchObject({ status: 'inactive', waiting_files: 1 })
    expect(rows.get('shop_nobody')).toMatchObject({ status: 'unregistered', waiting_files: 1 })
  })

  it('an overwritten change file is superseded, and the newer put applied', async () => {
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(settings))
    const history = await documents.send(
      new QueryCommand({
        TableName: `${outputs.TablePrefix}file_tracker_history`,
        KeyConditionExpression: 'source_table_name = :table',
        ExpressionAttributeValues: { ':table': 'shop_overwritten' },
      }),
    )
    const files = (history.Items ?? []).filter((item) => item.file_ingestion_status !== undefined)
    expect(files.map((item) => [item.file_ingestion_status, item.reason]).toSorted()).toEqual([
      ['raw_file_processed', undefined],
      ['raw_file_processed', undefined],
      ['raw_file_superseded', 'overwritten'],
    ])
    const answer = await place.json<{ rows: unknown[][] }>('query', 'SELECT id, v FROM shop_overwritten ORDER BY id')
    expect(answer.rows).toEqual([
      [1, 'ONE'],
      [2, 'two'],
      [3, 'three'],
    ])
  })

  it('envelopes of another source are applied beside them', async () => {
    const answer = await place.json<{ rows: unknown[][] }>('query', 'SELECT id, v FROM shop_raw.cdc_orders')
    expect(answer.rows).toEqual([[1, 'ONE']])
  })

  it('a historical table has every version', async () => {
    const versions = 'SELECT id, v FROM shop_history ORDER BY id, _tg_sequence NULLS FIRST'
    const answer = await place.json<{ rows: unknown[][] }>('query', versions)
    expect(answer.rows).toEqual([
      [1, 'one'],
      [1, 'ONE'],
      [2, 'two'],
      [3, 'three'],
    ])
  })

  it('after the files are mended every table is whole: nothing was lost', async () => {
    await place.json('land', join(place.folder, 'mended'), '--wait')
    const result = await place.json<{ status: string; failed: string[] }>('run', '10_min_refresh', '--wait')
    expect(result).toMatchObject({ status: 'SUCCEEDED', failed: [] })
    for (const name of ['good', ...bad]) {
      const answer = await place.json<{ rows: unknown[][] }>(
        'query',
        `SELECT id, v FROM shop_raw.shop_${name} ORDER BY id`,
      )
      expect(answer.rows, name).toEqual([
        [1, 'ONE'],
        [2, 'two'],
        [3, 'three'],
      ])
    }
  })
})
