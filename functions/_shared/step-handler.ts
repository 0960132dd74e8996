/** What the Lambdas that are called with JSON have in common (the steps of the state machine, the reconciler): checked input, one use case, errors that a Retry can match by name. */
import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { z } from 'zod'
import { complaintsOf } from '../../shared/broken-contract.ts'
import { InputError, TidegateError } from '../../shared/errors.ts'

/**
 * `name` of every error that is worth the same call again, as `Retry.ErrorEquals` has it. All steps can be repeated, so
 * this holds for an unknown outcome too. What is terminal keeps its class name, e.g. `ConfigurationError`.
 */
export const transientErrorName = 'TransientError'

/**
 * A Lambda handler that checks its input against `schema`, builds its ports at the first call (so that a broken
 * environment is an error of the step, not of the container), and returns what `work` returns.
 */
export function stepHandler<Schema extends z.ZodType, Ports, Output>(
  serviceName: string,
  schema: Schema,
  portsOf: (metrics: Metrics) => Ports,
  work: (input: z.infer<Schema>, ports: Ports) => Promise<Output>,
) {
  const logger = new Logger({ serviceName })
  const metrics = new Metrics({ namespace: 'Tidegate', serviceName })
  return middy<unknown, Output>()
    .use(injectLambdaContext(logger, { clearState: true }))
    .use(logMetrics(metrics))
    .handler(async (event: unknown) => {
      try {
        const input = checkedInput(serviceName, schema, event)
        logger.appendKeys(references(event))
        const output = await work(input, portsOf(metrics))
        logger.info('step done', { output })
        return output
      } catch (error) {
        logger.error('step failed', error as Error)
        throw named(error)
      }
    })
}

function checkedInput<Schema extends z.ZodType>(step: string, schema: Schema, event: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(event)
  if (parsed.success) return parsed.data
  throw new InputError(
    'TG2030',
    `the input of step \`${step}\` is not what it should be: ${complaintsOf(parsed.error, 'input')}. Deploy the state machine and the functions together.`,
  )
}

/** The few fields that find a run in the logs. */
function references(event: unknown): Record<string, unknown> {
  const { execution_name, run_id, batch, refresh_cadence } = event as Record<string, unknown>
  return { execution_name, run_id, batch, refresh_cadence }
}

function named(error: unknown): unknown {
  if (error instanceof TidegateError && error.certainty !== 'terminal') error.name = transientErrorName
  return error
}
