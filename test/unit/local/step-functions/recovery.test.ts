/** The shipped state machine on the real use cases: aborted at every place, or redriven there, the next run ends in the right ledger. */
import { readFileSync } from 'node:fs'
import type { SFNClient } from '@aws-sdk/client-sfn'
import { describe, expect, it } from 'vitest'
import type { Json, StepFunctionsPorts } from '../../../../local/step-functions/ports.ts'
import { executionArn } from '../../../../local/step-functions/records.ts'
import { createSfnExecutions } from '../../../../shared/aws/sfn-executions.ts'
import { batchTables } from '../../../../shared/batching/batch-tables.ts'
import { claimBatch } from '../../../../shared/claims/claim-batch.ts'
import { type ClaimBatchInput, type ClaimBatchOutput, claimBatchInput } from '../../../../shared/contracts/runs.ts'
import { summariseRun } from '../../../../shared/runs/summarise-run.ts'
import { settleBatch } from '../../../../shared/settling/settle-batch.ts'
import { CADENCE, claim, createWorld, item, type Lake, putFile, runJob, type World } from '../../claims/world.ts'
import { deploy, type World as Machines, world as machines, ok, run } from './world.ts'

const definition = readFileSync('state-machines/file-processor.asl.json', 'utf8').replace(/\$\{(\w+)\}/g, '$1')
const TABLES = ['shop_a', 'shop_b']
type Payload = { [key: string]: Json }

/** Memory ports behind the machine. `atCall` is told of every call of it, before and after, and may stop the execution there. */
async function cloud(atCall: (call: string, at: Machines) => Promise<void> = async () => undefined) {
  const at: World = await createWorld(TABLES, { refresh_tables_batch_size: 1 })
  const lake: Lake = new Map()
  /** Run ids that StartJobRun was called with. */
  const asked: string[] = []
  const jobs: { runId: string; work: () => Promise<void> }[] = []
  const functions: { [name: string]: (payload: never) => Promise<unknown> } = {
    BatchManagerFunctionArn: (payload) => batchTables(payload, at),
    ClaimBatchFunctionArn: (payload) => claimBatch(payload, at),
    SettleBatchFunctionArn: async (payload) => (await settleBatch(payload, at)) && {},
    SummariseRunFunctionArn: (payload) => summariseRun(payload, at),
  }
  const ports: Partial<StepFunctionsPorts> = {
    readObject: async (bucket, key) => (await at.objects.get(bucket, key)) ?? '',
    invokeLambda: async (name, payload) => {
      await atCall(`before ${name}`, sfn)
      const answer = await functions[name]?.(payload as never)
      await atCall(`after ${name}`, sfn)
      return ok(answer as Json)
    },
    startJobRun: async (request) => {
      const args = request.Arguments as Payload
      const runId = String(args['--run-id'])
      asked.push(runId)
      await atCall('before StartJobRun', sfn)
      const claimed = { plan_uri: String(args['--plan']), run_id: runId } as ClaimBatchOutput
      jobs.push({ runId, work: () => runJob(at, lake, claimed) })
      at.jobRuns.set(runId, 'RUNNING')
      await atCall('after StartJobRun', sfn)
      return runId
    },
    getJobRun: async (_name, id) => {
      await atCall('before the job works', sfn)
      await finish(id)
      await atCall('after the job worked', sfn)
      return { Id: id, JobRunState: 'SUCCEEDED' }
    },
    // Stopping takes time: the job goes on, as it may.
    stopJobRun: async () => undefined,
  }
  const finish = async (runId: string) => {
    await jobs.find((job) => job.runId === runId)?.work()
    at.jobRuns.set(runId, 'SUCCEEDED')
  }
  const sfn: Machines = machines(ports, { pollMs: 60_000 })
  // The product's own adapter, on the interpreter's API.
  const client = {
    send: async (command: { input: unknown }) => {
      const { status, body } = await sfn.api(
        `AWSStepFunctions.${command.constructor.name.replace('Command', '')}`,
        command.input,
      )
      if (status === 200) return body
      throw Object.assign(new Error(String(body.message)), { name: body.__type, $metadata: { httpStatusCode: status } })
    },
  } as unknown as SFNClient
  at.executions = { ...at.executions, ...createSfnExecutions(client) }
  return { at, lake, asked, jobs, finish, sfn }
}
type Cloud = Awaited<ReturnType<typeof cloud>>

const cadence = ({ sfn }: Cloud, name: string) => run(sfn, definition, { refresh_cadence: CADENCE }, name)
const stop = async ({ engine }: Machines) => {
  const [parent] = [...engine.store.executions.values()].filter(
    ({ status, mapRunArn }) => status === 'RUNNING' && !mapRunArn,
  )
  // What stops it is not what it waits for: the call that it is in goes on, and its answer goes nowhere.
  if (parent) void engine.stop(parent.arn, 'Operator', 'enough')
  await new Promise((resolve) => setImmediate(resolve))
}

/** Everything that landed is in the lake once, and the ledger says so. */
async function expectSettled({ at, lake }: Cloud) {
  for (const table of TABLES) {
    const applied = lake.get(table)?.flatMap((commit) => commit.files) ?? []
    expect(new Set(applied).size).toBe(applied.length)
    expect(await at.files.waiting(table, 9)).toEqual([])
    expect(await item(at, table)).toMatchObject({ refresh_status: 'completed', entry_uri: null, failed_attempts: 0 })
    expect(applied.sort()).toEqual((await at.files.settledFiles(table, 9)).map((file) => file.file_id).sort())
  }
}

const CALLS = [
  ...['BatchManager', 'ClaimBatch', 'SettleBatch', 'SummariseRun'].flatMap((name) => [
    `before ${name}FunctionArn`,
    `after ${name}FunctionArn`,
  ]),
  'before the job works',
  'after the job worked',
]

describe('[evidence] an execution that is stopped', () => {
  it.each(CALLS)('%s: the next run of the cadence settles everything, once', async (where) => {
    let stopped = 0
    const scene = await cloud(async (call, sfn) => {
      if (call !== where || stopped > 0) return
      stopped += 1
      await stop(sfn)
    })
    for (const table of TABLES) for (const n of [1, 2]) await putFile(scene.at, table, `${n}.parquet`, `${n}`)
    await cadence(scene, 'first')
    expect(stopped).toBe(1)
    for (const table of TABLES) await putFile(scene.at, table, '3.parquet', '3')
    // The job of before may outlive its execution.
    for (const { runId } of scene.jobs) await scene.finish(runId)
    expect((await cadence(scene, 'second')).status).not.toBe('ABORTED')
    expect(await cadence(scene, 'third')).toMatchObject({ status: 'SUCCEEDED' })
    await expectSettled(scene)
  })

  it('while its job is at work: the table is left alone until the job has ended', async () => {
    let stopped = 0
    const scene = await cloud(async (call, sfn) => {
      if (call !== 'before the job works' || stopped > 0) return
      stopped += 1
      await stop(sfn)
    })
    await putFile(scene.at, 'shop_a', '1.parquet', '1')
    await putFile(scene.at, 'shop_b', '1.parquet', '1')
    await cadence(scene, 'first')
    for (const { runId } of scene.jobs) scene.at.jobRuns.set(runId, 'RUNNING')
    await cadence(scene, 'second')
    for (const table of TABLES) expect(await item(scene.at, table)).toMatchObject({ claim_token: 1 })
    for (const { runId } of scene.jobs) await scene.finish(runId)
    await cadence(scene, 'third')
    await expectSettled(scene)
  })

  it.each(['before StartJobRun', 'after StartJobRun'])(
    '%s, and its job is not found: that proves nothing, so the table is held for an operator',
    async (where) => {
      let stopped = 0
      const scene = await cloud(async (call, sfn) => {
        if (call !== where || stopped > 0) return
        stopped += 1
        await stop(sfn)
      })
      for (const table of TABLES) await putFile(scene.at, table, '1.parquet', '1')
      await cadence(scene, 'first')
      // As Glue may answer while the start is on its way.
      scene.at.jobRuns = { ...scene.at.jobRuns, of: async () => [] }
      await cadence(scene, 'second')
      const asked = (await scene.at.tables.all()).filter((one) => scene.asked.includes(one.glue_job_run_id))
      expect(asked.length).toBeGreaterThan(0)
      for (const one of asked)
        expect(one).toMatchObject({ refresh_status: 'held', hold_reason: 'owner_ended_unsettled', claim_token: 1 })
    },
  )
})

describe('[evidence] an execution that is redriven where its job was', () => {
  /** The Map's child alone, as it goes on after a redrive: at the job, with the claim of before. */
  const child = (() => {
    const { ItemProcessor } = JSON.parse(definition).States.EachBatch
    const { ProcessorConfig: _, ...processor } = ItemProcessor
    return (claimed: ClaimBatchOutput) =>
      JSON.stringify({
        ...processor,
        QueryLanguage: 'JSONata',
        StartAt: 'AsBefore',
        States: { AsBefore: { Type: 'Pass', Assign: { claim: claimed }, Next: 'RunJob' }, ...processor.States },
      })
  })()

  async function redriven(scene: Cloud, input: ClaimBatchInput, claimed: ClaimBatchOutput) {
    const machine = deploy(scene.sfn.engine, child(claimed), 'child')
    const { owner: _, redrive_count: __, ...selected } = input
    const record = scene.sfn.engine.start(machine, 'redriven', JSON.stringify(selected))
    record.redriveCount = 1
    return scene.sfn.engine.ended(record.arn)
  }

  async function claimedBefore() {
    const scene = await cloud()
    await putFile(scene.at, 'shop_a', '1.parquet', '1')
    const input = claimBatchInput.parse({
      execution_name: 'first',
      refresh_cadence: CADENCE,
      batch: 1,
      tables: ['shop_a'],
      owner: executionArn(scene.sfn.engine.identity, 'child', 'redriven'),
      redrive_count: 0,
    })
    return { scene, input, claimed: await claimBatch(input, scene.at) }
  }

  it('claims again: its old job is over, and the new one has a token of its own', async () => {
    const { scene, input, claimed } = await claimedBefore()
    scene.at.jobRuns.set('first-1-0', 'FAILED')
    expect(await redriven(scene, input, claimed)).toMatchObject({ status: 'SUCCEEDED' })
    expect(scene.jobs.map((job) => job.runId)).toEqual(['first-1-1'])
    expect(await item(scene.at, 'shop_a')).toMatchObject({ refresh_status: 'completed', claim_token: 2 })
  })

  it('starts nothing with an old token, once another run has the claim', async () => {
    const { scene, input, claimed } = await claimedBefore()
    scene.at.jobRuns.set('first-1-0', 'FAILED')
    const { executions } = scene.at
    scene.at.executions = { ...executions, state: async () => 'ended' }
    expect((await claim(scene.at, 'second', ['shop_a'])).claimed).toBe(1)
    scene.at.executions = { ...executions, state: async () => 'running' }
    expect(await redriven(scene, input, claimed)).toMatchObject({ status: 'SUCCEEDED' })
    expect(scene.jobs).toEqual([])
    expect(await item(scene.at, 'shop_a')).toMatchObject({ refresh_status: 'updating_table', claim_token: 2 })
  })
})
