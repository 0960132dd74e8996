/** S3's events, from the queue, become waiting files in the ledger. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { fileManagerPorts } from '../_shared/ports.ts'
import { landingHandler } from './landing-handler.ts'

const logger = new Logger({ serviceName: 'file-manager' })
const metrics = new Metrics({ namespace: 'Tidegate', serviceName: 'file-manager' })

export const handler = landingHandler(fileManagerPorts(metrics), { logger, metrics })
