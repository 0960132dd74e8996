/** A job that ends without outcomes: nothing is claimed for ever, nothing is lost, and the table itself decides what was applied. */
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { BatchStopJobRunCommand, GetJobRunsCommand, GlueClient } from '@aws-sdk/client-glue'
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { root, run, Workplace } from './support/tidegate.ts'

interface Row {
  readonly table: string
  readonly status: string
  readonly waiting_files: number
  readonly error: { code: string } | null
}

describe('a job run that is stopped in the middle', () => {
  let place: Workplace
  let glue: GlueClient
  let machines: SFNClient
  let JobName: string
  let stateMachineArn: string

  const rows = async () => (await place.json<{ tables: Row[] }>('status')).tables
  const jobRuns = async () => (await glue.send(new GetJobRunsCommand({ JobName }))).JobRuns ?? []

  beforeAll(async () => {
    place = new Workplace()
    await place.json('local', 'up', '--detach', '--port', '0')
    await place.json('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))
    await run(join(root, '.venv/bin/python'), [join(root, 'test/e2e/support/bad_files.py'), place.folder], root)
    const env = await place.json<Record<string, string>>('local', 'env')
    const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
    const settings = { endpoint: env.AWS_ENDPOINT_URL ?? '', region: env.AWS_REGION ?? '', credentials }
    glue = new GlueClient(settings)
    const stacks = await new CloudFormationClient(settings).send(
      new DescribeStacksCommand({ StackName: 'tidegate-local' }),
    )
    const output = (key: string) => stacks.Stacks?.[0]?.Outputs?.find((o) => o.OutputKey === key)?.OutputValue ?? ''
    machines = new SFNClient(settings)
    JobName = output('GlueJobName')
    stateMachineArn = output('FileProcessorArn')
    for (const table of ['good', 'overwritten']) {
      const folder = join(place.folder, 'first', 'in', 'shop', table)
      await place.json('land', folder, '--prefix', `in/shop/${table}/`, '--wait')
    }
  })
  afterAll(() => place?.close())

  it('[frozen-set] is unknown, and keeps the files of the attempt', async () => {
    const running = place.tidegate('--json', 'run', '10_min_refresh', '--wait')
    await vi.waitFor(async () => expect((await jobRuns())[0]?.JobRunState).toBe('RUNNING'), {
      timeout: 60_000,
      interval: 200,
    })
    const id = (await jobRuns())[0]?.Id ?? ''
    await glue.send(new BatchStopJobRunCommand({ JobName, JobRunIds: [id] }))

    const ended = await running
    expect(ended.code).toBe(1)
    expect(JSON.parse(ended.stdout)).toMatchObject({ status: 'FAILED', failed: ['shop_good', 'shop_overwritten'] })
    for (const row of await rows()) {
      expect(row).toMatchObject({ status: 'refresh_error', waiting_files: 2 })
      expect(row.error?.code).toMatch(/^TG5\d{3}$/)
    }
  })

  it('[commit-authority] the next cadence issues the same entry, while a newer file waits', async () => {
    const folder = join(place.folder, 'mended', 'in', 'shop', 'overwritten')
    await place.json('land', folder, '--prefix', 'in/shop/good/2023/', '--wait')
    const again = await place.json<{ status: string; files: number }>('run', '10_min_refresh', '--wait')
    expect(again).toMatchObject({ status: 'SUCCEEDED', files: 4 })
    expect((await rows()).map((row) => [row.table, row.status, row.waiting_files])).toEqual([
      ['shop_good', 'completed', 1],
      ['shop_overwritten', 'completed', 0],
    ])
    const last = await place.json<{ status: string; files: number }>('run', '10_min_refresh', '--wait')
    expect(last).toMatchObject({ status: 'SUCCEEDED', files: 1 })
  })

  it('[evidence] whose execution is stopped too: the next run takes its claim over, and nobody has to act', async () => {
    const folder = join(place.folder, 'mended', 'in', 'shop', 'overwritten')
    await place.json('land', folder, '--prefix', 'in/shop/good/2024/', '--wait')
    const running = place.tidegate('--json', 'run', '10_min_refresh', '--wait')
    const working = async () => (await jobRuns()).filter((one) => one.JobRunState === 'RUNNING')
    await vi.waitFor(async () => expect(await working()).toHaveLength(1), { timeout: 60_000, interval: 200 })
    const { executions = [] } = await machines.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }),
    )
    await machines.send(new StopExecutionCommand({ executionArn: executions[0]?.executionArn }))
    expect((await running).code).toBe(1)
    expect((await rows()).find((row) => row.table === 'shop_good')?.status).toBe('updating_table')
    await vi.waitFor(async () => expect((await jobRuns())[0]?.JobRunState).toBe('STOPPED'), {
      timeout: 60_000,
      interval: 200,
    })

    const next = await place.json<{ status: string; files: number }>('run', '10_min_refresh', '--wait')
    expect(next).toMatchObject({ status: 'SUCCEEDED', files: 1 })
    expect((await rows()).map((row) => [row.table, row.status, row.waiting_files])).toEqual([
      ['shop_good', 'completed', 0],
      ['shop_overwritten', 'completed', 0],
    ])
  })
})
