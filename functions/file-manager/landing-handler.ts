/** The file manager without its wiring: messages in, ids of those that failed out. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import type { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { messageOf, TidegateError } from '../../shared/errors.ts'
import { type LandingPorts, landFile } from '../../shared/landing/land-file.ts'
import { parseStorageEvent } from './storage-event.ts'

export interface Telemetry {
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A message that fails goes back alone, and after the queue's last receive to the dead letters. */
export function landingHandler(ports: LandingPorts, { logger, metrics }: Telemetry) {
  const processor = new BatchProcessor(EventType.SQS)

  const land = async (record: SQSRecord): Promise<void> => {
    let key: string | undefined
    try {
      const event = parseStorageEvent(record.body)
      key = event.detail.object.key
      const landing = await landFile(event, ports)
      const file = 'file' in landing ? { table: landing.file.source_table_name, file_id: landing.file.file_id } : {}
      logger.info('event taken', { key, result: landing.result, ...file })
    } catch (error) {
      const numbered = error instanceof TidegateError ? { code: error.code, certainty: error.certainty } : {}
      logger.error('message goes back', { key, message_id: record.messageId, reason: messageOf(error), ...numbered })
      throw error
    }
  }

  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .use(logMetrics(metrics))
    .handler((event, context) =>
      // A whole batch that failed is answered by ids too: thrown, it would be an error of the function on top.
      processPartialResponse(event, land, processor, { context, throwOnFullBatchFailure: false }),
    )
}
