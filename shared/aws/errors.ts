/** What AWS SDK errors mean to us: refused, throttled, or unavailable, and for a write whether it may have landed. */
import { EngineError, LedgerError, messageOf } from '../errors.ts'

/**
 * - `refused`: the service understood and said no; trying again gives the same.
 * - `throttled`: surely nothing was done.
 * - `unavailable`: a time-out, a broken connection or a 5xx; a write may have landed.
 */
type Trouble = 'refused' | 'throttled' | 'unavailable'

const throttling = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])
/** The last one: an earlier attempt of the same transaction is still being worked on. */
const timeouts = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'TransactionInProgressException',
])
const brokenConnection = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** What the SDK attaches to errors; all of it may be missing. */
interface SdkError {
  readonly name: string
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number }
}

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')
export const statusOf = (error: unknown): number | undefined =>
  (error as SdkError | undefined)?.$metadata?.httpStatusCode
/** Attempts that the SDK made; more than one means that an earlier one may have landed. */
export const attemptsOf = (error: unknown): number => (error as SdkError | undefined)?.$metadata?.attempts ?? 1

/** Undefined for what is no SDK error at all: a defect of ours, which must not be dressed up as the service's. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, code } = error as SdkError
  const status = statusOf(error)
  if (throttling.has(name) || status === 429) return 'throttled'
  if (timeouts.has(name) || (typeof code === 'string' && brokenConnection.has(code))) return 'unavailable'
  if (status !== undefined) return status >= 500 ? 'unavailable' : 'refused'
  return name === 'CredentialsProviderError' ? 'refused' : undefined
}

/** What a failed call would have done. */
type Effect =
  | 'read'
  /** Repeating it is harmless, whether it landed or not. */
  | 'repeatable-write'
  /** The caller must look before it tries again. */
  | 'write'

const advice: Record<Trouble, string> = {
  refused: 'Check that it is deployed, and that the role may do this.',
  throttled: 'It was throttled beyond all retries and did nothing: try again.',
  unavailable: 'The service did not answer in time: try again; if it lasts, look at its health.',
}

interface Numbers {
  readonly refused: `TG${number}`
  readonly transient: `TG${number}`
  readonly unknown: `TG${number}`
}

function translated(
  ErrorClass: typeof LedgerError | typeof EngineError,
  numbers: Numbers,
  error: unknown,
  action: string,
  effect: Effect,
): unknown {
  const trouble = troubleOf(error)
  if (trouble === undefined) return error
  const unknown = trouble === 'unavailable' && effect === 'write'
  const certainty = trouble === 'refused' ? 'terminal' : unknown ? 'unknown' : 'transient'
  const code = trouble === 'refused' ? numbers.refused : unknown ? numbers.unknown : numbers.transient
  const whether = unknown ? 'It may have landed all the same: look before you repeat it. ' : ''
  const said = `\`${nameOf(error)}\`: ${messageOf(error)}`.trimEnd().replace(/\.?$/, '.')
  return new ErrorClass(code, `${action} failed with ${said} ${whether}${advice[trouble]}`, { certainty, cause: error })
}

/**
 * The error to throw instead of one of DynamoDB: LedgerError TG3110 (refused, terminal), TG3111 (transient), TG3112 (a write of
 * unknown outcome), or the error itself when it is none of the SDK's. `action` names the thing, e.g. ``reading `a` of table `t` ``.
 */
export const dynamoError = (error: unknown, action: string, effect: Effect): unknown =>
  translated(LedgerError, { refused: 'TG3110', transient: 'TG3111', unknown: 'TG3112' }, error, action, effect)

/** The same for S3: TG3120, TG3121, TG3122. */
export const s3Error = (error: unknown, action: string, effect: Effect): unknown =>
  translated(LedgerError, { refused: 'TG3120', transient: 'TG3121', unknown: 'TG3122' }, error, action, effect)

/** The same for what is only read of Step Functions and Scheduler: EngineError TG5110, TG5111. */
export const engineError = (error: unknown, action: string): unknown =>
  translated(EngineError, { refused: 'TG5110', transient: 'TG5111', unknown: 'TG5111' }, error, action, 'read')
