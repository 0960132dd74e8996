/** Which errors a Retry or Catch entry matches, and how long a retrier waits. */
import type { Retrier } from './definition.ts'
import type { StateError } from './errors.ts'

/** Errors that no wildcard matches (developer guide, "Handling errors"). */
const TERMINAL = new Set(['States.DataLimitExceeded', 'States.Runtime'])

export function matches(errorEquals: readonly string[], error: StateError): boolean {
  const name = error.errorName
  if (errorEquals.includes(name)) return true
  if (TERMINAL.has(name)) return false
  return errorEquals.includes('States.ALL') || (errorEquals.includes('States.TaskFailed') && name !== 'States.Timeout')
}

/**
 * Milliseconds before attempt `retries + 1` of this retrier; `retries` counts from 0.
 * The cap applies before the jitter; full jitter draws from zero to the delay.
 */
export function retryDelayMs(retrier: Retrier, retries: number, random: () => number): number {
  const grown = retrier.intervalSeconds * retrier.backoffRate ** retries
  const capped = Math.min(grown, retrier.maxDelaySeconds ?? Number.POSITIVE_INFINITY)
  return Math.round(1000 * capped * (retrier.jitter === 'FULL' ? random() : 1))
}
