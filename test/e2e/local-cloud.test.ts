/** The local cloud as somebody lives with it: stopped in the middle of runs and started again, two side by side, its logs, its end by force. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetJobRunsCommand, GetJobsCommand, GlueClient } from '@aws-sdk/client-glue'
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isAlive } from '../../scripts/bootstrap/lock.mjs'
import { foreground, processesOf } from './support/foreground.ts'
import { root, run, Workplace } from './support/tidegate.ts'

interface Row {
  readonly table: string
  readonly status: string
  readonly waiting_files: number
}
interface Status {
  readonly endpoint: string
  readonly pid: number
  readonly executions: { readonly running: number }
}

const patience = { timeout: 120_000, interval: 200 }
const cadence = '10_min_refresh'
const up = (place: Workplace) => place.tidegate('local', 'up', '--detach', '--port', '0', '--data-dir', 'data')

async function settingsOf(place: Workplace) {
  const env = await place.json<Record<string, string>>('local', 'env')
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
  return { endpoint: env.AWS_ENDPOINT_URL ?? '', region: env.AWS_REGION ?? '', credentials }
}
const s3Of = async (place: Workplace) => new S3Client({ ...(await settingsOf(place)), forcePathStyle: true })

let place: Workplace
let other: Workplace
beforeAll(() => {
  place = new Workplace()
  other = new Workplace()
})
afterAll(async () => {
  await place?.close()
  await other?.close()
})

describe('an execution that is under way when the local cloud ends', () => {
  const rows = async () =>
    (await place.json<{ tables: Row[] }>('status')).tables.map((row) => [row.table, row.status, row.waiting_files])

  /** Starts a run, and returns when its Spark job works. */
  async function startRun(): Promise<void> {
    await place.json('run', cadence)
    const glue = new GlueClient(await settingsOf(place))
    const JobName = (await glue.send(new GetJobsCommand({}))).Jobs?.[0]?.Name
    const running = async () => {
      const { JobRuns } = await glue.send(new GetJobRunsCommand({ JobName }))
      return JobRuns?.filter(({ JobRunState }) => JobRunState === 'RUNNING').length
    }
    await vi.waitFor(async () => expect(await running()).toBe(1), patience)
    glue.destroy()
  }
  const noneRuns = () =>
    vi.waitFor(async () => expect((await place.json<Status>('local', 'status')).executions.running).toBe(0), patience)

  it('goes on after Ctrl-C and a new start: its tables are held by nobody', async () => {
    const args = [join(root, 'cli/main.ts'), 'local', 'up', '--port', '0', '--data-dir', 'data']
    const cloud = foreground(process.execPath, args, place.folder)
    await cloud.until('the local cloud answers at')
    await place.json('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))
    await run(join(root, '.venv/bin/python'), [join(root, 'test/e2e/support/bad_files.py'), place.folder], root)
    for (const table of ['good', 'overwritten'])
      await place.json('land', join(place.folder, 'first/in/shop', table), '--prefix', `in/shop/${table}/`, '--wait')
    await startRun()
    cloud.signal('SIGINT')
    expect(await cloud.ended, cloud.said()).toBe(0)
    expect(processesOf(place.folder)).toEqual([])

    expect((await up(place)).stderr).toContain('1 execution of before will go on')
    await noneRuns()
    expect(await rows()).toEqual([
      ['shop_good', 'refresh_error', 2],
      ['shop_overwritten', 'refresh_error', 2],
    ])
  })

  it('goes on after `local down` and a new start, and the next run makes every row right', async () => {
    await startRun()
    expect((await place.tidegate('local', 'down')).code).toBe(0)
    expect(processesOf(place.folder)).toEqual([])
    expect((await up(place)).stderr).toContain('1 execution of before will go on')
    await noneRuns()
    expect(await place.json('run', cadence, '--wait')).toMatchObject({ status: 'SUCCEEDED', files: 4 })
    expect(await rows()).toEqual([
      ['shop_good', 'completed', 0],
      ['shop_overwritten', 'completed', 0],
    ])
    const lake =
      "SELECT 'good', id, v FROM shop_good UNION ALL SELECT 'overwritten', id, v FROM shop_overwritten ORDER BY 1, 2"
    expect((await place.json<{ rows: unknown[][] }>('query', lake)).rows).toEqual([
      ['good', 1, 'ONE'],
      ['good', 2, 'two'],
      ['good', 3, 'three'],
      ['overwritten', 1, 'not'],
      ['overwritten', 2, 'two'],
      ['overwritten', 3, 'this'],
    ])
  })
})

describe('two local clouds side by side', () => {
  it('know nothing of each other', async () => {
    expect((await up(other)).code).toBe(0)
    const [first, second] = [await s3Of(place), await s3Of(other)]
    const bucketOf = async (s3: S3Client) =>
      (await s3.send(new ListBucketsCommand({}))).Buckets?.find(({ Name }) => Name?.includes('staging'))?.Name ?? ''
    const [Bucket, Key] = [await bucketOf(first), 'elsewhere/object']
    expect(await bucketOf(second)).toBe(Bucket)
    await first.send(new PutObjectCommand({ Bucket, Key, Body: 'of the first' }))
    await expect(second.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect((await other.json<{ tables: Row[] }>('status')).tables).toEqual([])

    const [one, two] = [await place.json<Status>('local', 'status'), await other.json<Status>('local', 'status')]
    expect(one.endpoint).not.toBe(two.endpoint)
    expect((await place.tidegate('local', 'down')).stdout).toContain(one.endpoint)
    expect((await place.tidegate('local', 'status')).code).toBe(1)
    expect(await other.json<Status>('local', 'status')).toMatchObject({ endpoint: two.endpoint, pid: two.pid })
  })
})

describe('logs by component', () => {
  it('are listed, and shown one by one', async () => {
    const { components } = await other.json<{ components: { component: string }[] }>('local', 'logs')
    const names = components.map(({ component }) => component)
    expect(names).toEqual(expect.arrayContaining(['local', 'emulator', 'step-functions', 'file-manager']))
    await other.json('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))
    await other.json('run', cadence, '--wait')
    expect((await other.tidegate('local', 'logs', 'step-functions')).stdout).toMatch(/execution \S+ in PackBatches\n/)
    expect((await other.tidegate('local', 'logs', 'batch-manager')).stdout).not.toBe('')
    const unknown = await other.tidegate('local', 'logs', 'nobody')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/^TG1512: .*`emulator`/)])
  })
})

describe('kill -9', () => {
  it('of the emulator ends the local cloud with a line that says what is lost; the next start has what was written', async () => {
    const { pid } = await other.json<Status>('local', 'status')
    const emulator = processesOf(other.folder).find(
      (line) => /python\S* -m hypercorn/.test(line) && !/guard/.test(line),
    )
    process.kill(Number(emulator?.split(' ')[0]), 'SIGKILL')
    await vi.waitFor(() => expect(processesOf(other.folder)).toEqual([]), patience)
    const said = readFileSync(join(other.folder, '.tidegate/local.log'), 'utf8')
    expect(said).toMatch(/^TG5603: .*ledger, queues and catalogue held since .* is lost, objects on S3 are kept/m)
    const status = await other.tidegate('local', 'status')
    expect([status.code, status.stderr]).toEqual([
      1,
      expect.stringMatching(/TG1506: .*catalogue held since .* is lost/),
    ])
    expect((await other.tidegate('local', 'logs', 'emulator')).code).toBe(0)
    expect(isAlive(pid)).toBe(false)
    expect((await up(other)).code).toBe(0)
  })

  it('of the local cloud itself takes all of it along, and loses nothing', async () => {
    const { pid } = await other.json<Status>('local', 'status')
    await other.json('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(processesOf(other.folder)).toEqual([]), patience)
    const status = await other.tidegate('local', 'status')
    expect([status.code, status.stderr]).toEqual([1, expect.stringContaining('its process was killed')])
    await up(other)
    expect((await other.json<{ tables: Row[] }>('status')).tables).toHaveLength(2)
  })
})
