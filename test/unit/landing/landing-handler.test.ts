import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Context, SQSEvent } from 'aws-lambda'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { landingHandler } from '../../../functions/file-manager/landing-handler.ts'
import { eventFor, landingFixture } from './support.ts'

const context = { functionName: 'file-manager', awsRequestId: 'r1' } as Context
const message = (messageId: string, body: unknown) => ({
  messageId,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const batch = (...messages: ReturnType<typeof message>[]) => ({ Records: messages }) as unknown as SQSEvent

let lines: string[]
beforeEach(() => {
  lines = []
  const collect = (text: unknown) => {
    lines.push(String(text))
    return true
  }
  // Powertools has a console of its own on the streams.
  vi.spyOn(process.stdout, 'write').mockImplementation(collect)
  vi.spyOn(process.stderr, 'write').mockImplementation(collect)
})
afterEach(() => vi.restoreAllMocks())

const subject = async () => {
  const fixture = await landingFixture()
  const telemetry = { logger: new Logger({ serviceName: 'test' }), metrics: new Metrics({ namespace: 'Test' }) }
  return { ...fixture, handle: landingHandler(fixture.ports, telemetry) }
}

it('defect 7: sends bad messages back alone, by their ids', async () => {
  const { handle, put, memory } = await subject()
  const response = await handle(
    batch(
      message('m1', '{'),
      message('m2', await put()),
      message('m3', eventFor('stray\u0007.txt', 'e', 1)),
      message('m4', eventFor('in/a/b/_SUCCESS', 'e', 0)),
    ),
    context,
  )
  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm3' }] })
  expect(await memory.files.waiting('sales_orders', 10)).toHaveLength(1)
})

it('answers by ids also when all fail', async () => {
  const { handle } = await subject()
  expect(await handle(batch(message('m1', 'x'), message('m2', 'y')), context)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm2' }],
  })
})

it('logs number and key of a failure as one line of JSON', async () => {
  const { handle } = await subject()
  await handle(batch(message('m1', eventFor('in/forged\n{"level":"INFO"}', 'e', 1))), context)
  const errors = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  expect(errors).toMatchObject([
    { code: 'TG2004', key: 'in/forged\n{"level":"INFO"}', message_id: 'm1', certainty: 'terminal' },
  ])
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
})
