/** The file manager without its wiring: messages in, ids of those that failed out. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import type { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { StorageEvent } from '../../shared/contracts/event.ts'
import { messageOf, TidegateError } from '../../shared/errors.ts'
import { type DeletionPorts, noteDeletion } from '../../shared/landing/deletion.ts'
import { type LandingPorts, landFile } from '../../shared/landing/land-file.ts'
import { parseStorageEvent } from './storage-event.ts'

export interface Telemetry {
  readonly logger: Logger
  readonly metrics: Metrics
}

/** What came of it, for the log. */
async function take(event: StorageEvent, ports: LandingPorts & DeletionPorts): Promise<Record<string, string>> {
  if (event['detail-type'] === 'Object Deleted') {
    const deletion = await noteDeletion(event, ports)
    return { deletion }
  }
  const landing = await landFile(event, ports)
  if (!('file' in landing)) return { result: landing.result }
  return { result: landing.result, table: landing.file.source_table_name, file_id: landing.file.file_id }
}

/** A message that fails goes back alone, and after the queue's last receive to the dead letters. */
export function landingHandler(ports: LandingPorts & DeletionPorts, { logger, metrics }: Telemetry) {
  const processor = new BatchProcessor(EventType.SQS)

  const land = async (record: SQSRecord): Promise<void> => {
    let key: string | undefined
    try {
      const event = parseStorageEvent(record.body)
      key = event.detail.object.key
      const taken = await take(event, ports)
      logger.info('event taken', { key, ...taken })
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
