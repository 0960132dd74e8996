/** One invocation of a schedule's target: its input with the context attributes, attempts by the retry policy, then the dead letter. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import { messageOf } from '../../shared/errors.ts'
import type { Schedule } from './schedule.ts'

export interface DeliveryPorts {
  /** Calls the target with its finished input; resolves with the ARN of the execution, or of the function. Throws with the service's code in `name`. */
  invoke(targetArn: string, input: string): Promise<string>
  /** Puts a message into the queue of that ARN. */
  sendDeadLetter(queueArn: string, body: string, attributes: Record<string, string>): Promise<void>
  now(): EpochMs
  /** Between two attempts. Rejects when the local cloud stops. */
  sleep(ms: number): Promise<void>
}

export interface Invocation {
  schedule: Schedule
  arn: string
  scheduledMs: EpochMs
  /** One for all attempts, so that a start which is tried again is the same execution. */
  executionId: string
}

/** `lost`: every attempt failed, and there is no dead-letter queue to say so. */
export type Delivered =
  | { result: 'started'; execution: string; attempts: number }
  | { result: 'dead_letter' | 'lost'; error: string; attempts: number }

/** AWS backs off exponentially and does not say how; ours begins with a second and goes up to a minute. */
const backoffMs = (retry: number): number => Math.min(60_000, 1_000 * 2 ** retry)

/** Invokes the target until it accepts or the policy is exhausted. Throws only when the dead letter can't be sent, or we stop. */
export async function deliver(invocation: Invocation, ports: DeliveryPorts): Promise<Delivered> {
  const { Target } = invocation.schedule
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = Target.RetryPolicy
  const tooOldMs = invocation.scheduledMs + MaximumEventAgeInSeconds * 1000
  for (let retry = 0; ; retry++) {
    const input = inputOf(invocation, retry + 1)
    try {
      return { result: 'started', execution: await ports.invoke(Target.Arn, input), attempts: retry + 1 }
    } catch (error) {
      const wait = backoffMs(retry)
      const exhausted =
        retry >= MaximumRetryAttempts
          ? 'MaximumRetryAttempts'
          : ports.now() + wait > tooOldMs
            ? 'MaximumEventAgeInSeconds'
            : undefined
      if (exhausted !== undefined) return giveUp(invocation, input, retry, exhausted, error, ports)
      await ports.sleep(wait)
    }
  }
}

/** Body and attributes as the user guide shows them, "Configuring a dead-letter queue". */
async function giveUp(
  { schedule, arn, scheduledMs, executionId }: Invocation,
  input: string,
  retries: number,
  condition: string,
  error: unknown,
  ports: DeliveryPorts,
): Promise<Delivered> {
  const failed = { error: messageOf(error), attempts: retries + 1 }
  const queue = schedule.Target.DeadLetterConfig?.Arn
  if (queue === undefined) return { result: 'lost', ...failed }
  await ports.sendDeadLetter(queue, input, {
    ERROR_CODE: error instanceof Error ? error.name : 'InternalFailure',
    ERROR_MESSAGE: failed.error,
    EXECUTION_ID: executionId,
    EXHAUSTED_RETRY_CONDITION: condition,
    IS_PAYLOAD_TRUNCATED: 'false',
    RETRY_ATTEMPTS: String(retries),
    SCHEDULED_TIME: timeText(scheduledMs),
    SCHEDULE_ARN: arn,
    TARGET_ARN: schedule.Target.Arn,
  })
  return { result: 'dead_letter', ...failed }
}

/** The user guide's "Adding context attributes": each keyword is replaced wherever it stands. */
function inputOf({ schedule, arn, scheduledMs, executionId }: Invocation, attempt: number): string {
  const values: Record<string, string> = {
    'schedule-arn': arn,
    'scheduled-time': timeText(scheduledMs),
    'execution-id': executionId,
    'attempt-number': String(attempt),
  }
  return (schedule.Target.Input ?? '{}').replaceAll(
    /<aws\.scheduler\.([a-z-]+)>/g,
    (keyword, name: string) => (Object.hasOwn(values, name) ? values[name] : undefined) ?? keyword,
  )
}

/** Whole seconds: `2026-03-22T18:59:43Z`. */
export const timeText = (time: EpochMs): string => `${new Date(time).toISOString().slice(0, 19)}Z`
