/** How much CPU the Lambdas of the hot paths use, on in-memory ports: what is left is our own code. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Context, SQSEvent } from 'aws-lambda'
import { landingHandler } from '../../functions/file-manager/landing-handler.ts'
import { createPowertoolsSignals } from '../../shared/aws/powertools-signals.ts'
import { batchTables } from '../../shared/batching/batch-tables.ts'
import { createMemoryPorts } from '../../shared/memory/index.ts'
import { cadenceConfig, landed, tableConfigOf } from '../contract/support/items.ts'
import { medianCpu } from './measure.ts'
import type { Bench, Finding } from './page.ts'

const rounds = 7
const events = 5_000
const eventsOfMessage = 25

const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** SQS batches of 25 through the handler as it is deployed: parsing, landing, metrics; log lines and metrics are made but not printed. */
async function fileManager(): Promise<Finding> {
  const context = { functionName: 'bench', awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 } as Context
  const { cpuS } = await medianCpu(rounds, async () => {
    const ports = createMemoryPorts()
    const prefix = 'internal_staging/'
    const sources = { operational: { prefix, layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' } } as const
    const metrics = new Metrics({ namespace: 'Bench', serviceName: 'bench' })
    const signals = createPowertoolsSignals(metrics)
    const handler = landingHandler(
      { ...ports, signals, sources: async () => sources, stagingBucket: 'staging' },
      { logger: new Logger({ logLevel: 'SILENT' }), metrics },
    )
    for (const event of await messages(ports.objects, prefix)) await handler(event, context)
    if ((await ports.files.waitingByTable()).size !== 100) throw new Error('not every event was landed')
  })
  const perSecond = events / cpuS
  return {
    what: 'file-manager on in-memory ports, events a second on one core',
    target: '≥ 5,000',
    measured: count(perSecond),
    met: perSecond >= 5_000,
  }
}

async function messages(objects: ReturnType<typeof createMemoryPorts>['objects'], prefix: string): Promise<SQSEvent[]> {
  const records = await Promise.all(
    Array.from({ length: events }, async (_, number) => {
      const key = `${prefix}hr/table_${number % 100}/2023/11/18/20231118-${String(number).padStart(9, '0')}.parquet`
      await objects.put('staging', key, 'x')
      const etag = (await objects.head('staging', key))?.etag
      const detail = { bucket: { name: 'staging' }, object: { key, size: 1, etag } }
      const body = { id: `e${number}`, source: 'aws.s3', 'detail-type': 'Object Created', time: 't', detail }
      return { messageId: `m${number}`, body: JSON.stringify(body) } as SQSEvent['Records'][number]
    }),
  )
  return Array.from({ length: events / eventsOfMessage }, (_, batch) => ({
    Records: records.slice(batch * eventsOfMessage, (batch + 1) * eventsOfMessage),
  }))
}

/** 3,000 configured tables, every tenth with a waiting file. */
async function batchManager(): Promise<Finding> {
  const ports = createMemoryPorts()
  const names = Array.from({ length: 3_000 }, (_, number) => `hr_table_${number}`)
  await ports.config.putCadence(cadenceConfig('10_min_refresh'))
  for (const [number, name] of names.entries()) {
    await ports.config.putTable(tableConfigOf('10_min_refresh', name))
    if (number % 10 === 0) await ports.files.land(landed(name, number))
  }
  let run = 0
  const { cpuS } = await medianCpu(rounds, async () => {
    run += 1
    const input = { refresh_cadence: '10_min_refresh', execution_name: `run-${run}` }
    const output = await batchTables(input, { ...ports, controlBucket: 'control' })
    if (output.batches !== 60) throw new Error(`expected 60 batches of five tables, not ${output.batches}`)
  })
  return {
    what: 'batch-manager, 3,000 tables of which 300 have files, own CPU',
    target: '≤ 2 s',
    measured: `${cpuS.toFixed(3)} s`,
    met: cpuS <= 2,
  }
}

export const bench: Bench = {
  title: 'Lambdas of the hot paths',
  method: `Medians of CPU time over ${rounds} rounds after one to warm up; in-memory ports.`,
  run: async () => ({ rows: [await fileManager(), await batchManager()] }),
}
