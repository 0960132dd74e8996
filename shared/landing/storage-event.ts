/** Reads S3's event out of an SQS message. A message that is no such event fails alone. */
import { type ObjectCreatedEvent, objectCreatedEvent } from '../contracts/event.ts'
import { InputError } from '../errors.ts'
import { shown } from '../files/shown.ts'

/** `body` is an EventBridge event as JSON. Throws InputError TG2001 (terminal) that says what is wrong with it. */
export function parseStorageEvent(body: string): ObjectCreatedEvent {
  const parsed = objectCreatedEvent.safeParse(jsonOf(body))
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `\`${shown(path.join('.') || 'event')}\`: ${shown(message)}`,
  )
  throw refusal(wrong.slice(0, 5).join('; '))
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw refusal('not JSON', error)
  }
}

const refusal = (what: string, cause?: unknown): InputError =>
  new InputError(
    'TG2001',
    `the message is no \`Object Created\` event of S3 (${what}): check what else sends to the queue`,
    cause === undefined ? {} : { cause },
  )
