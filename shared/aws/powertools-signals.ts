/** Signals as CloudWatch metrics, written to the log in embedded metric format by Powertools. */
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Signals } from '../ports/signals.ts'

export function createPowertoolsSignals(metrics: Pick<Metrics, 'addMetric'>): Signals {
  return { count: (name, value, unit = 'Count') => metrics.addMetric(name, MetricUnit[unit], value) }
}
