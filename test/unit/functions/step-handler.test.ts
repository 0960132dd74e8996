import type { Context } from 'aws-lambda'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { stepHandler } from '../../../functions/_shared/step-handler.ts'
import { ConfigurationError, EngineError, LedgerError } from '../../../shared/errors.ts'

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT'
process.env.POWERTOOLS_METRICS_DISABLED = 'true'

const input = z.object({ batch: z.int().positive() })
const context = { functionName: 'unit', awsRequestId: 'r-1', getRemainingTimeInMillis: () => 1_000 } as Context

const stepThat = (work: (input: { batch: number }, ports: { add: number }) => Promise<unknown>) =>
  stepHandler('unit', input, () => ({ add: 10 }), work)

test('a step hands checked input and its ports to the work, and returns what it returns', async () => {
  const step = stepThat(async ({ batch }, { add }) => ({ sum: batch + add }))
  expect(await step({ batch: 3, more: 'ignored' }, context)).toEqual({ sum: 13 })
})

test.each([{ batch: 0 }, {}, null, 'text'])('input %j is refused before any work', async (event) => {
  const step = stepThat(async () => 'worked')
  const failing = Promise.resolve(step(event, context))
  await expect(failing).rejects.toMatchObject({ name: 'InputError', code: 'TG2030' })
  await expect(failing).rejects.toThrow('step `unit`')
})

test.each([
  [new LedgerError('TG3111', 'throttled', { certainty: 'transient' }), 'TransientError'],
  [new EngineError('TG5111', 'no answer', { certainty: 'unknown' }), 'TransientError'],
  [new ConfigurationError('TG1003', 'unknown cadence'), 'ConfigurationError'],
  [new TypeError('a defect'), 'TypeError'],
])('%s is thrown as %s, which a Retry can match', async (error, name) => {
  const step = stepThat(async () => {
    throw error
  })
  await expect(Promise.resolve(step({ batch: 1 }, context))).rejects.toMatchObject({ name, message: error.message })
})

test('an environment that is broken fails the step with its number', async () => {
  const step = stepHandler(
    'unit',
    input,
    () => {
      throw new ConfigurationError('TG1030', 'the function’s environment')
    },
    async () => 'worked',
  )
  await expect(Promise.resolve(step({ batch: 1 }, context))).rejects.toMatchObject({ code: 'TG1030' })
})
