/** Reads S3's event out of an SQS message. A message that is no such event fails alone. */
import { JSONStringified } from '@aws-lambda-powertools/parser/helpers'
import { type ObjectCreatedEvent, objectCreatedEvent } from '../../shared/contracts/event.ts'
import { InputError } from '../../shared/errors.ts'
import { shown } from '../../shared/files/shown.ts'

const messageBody = JSONStringified(objectCreatedEvent)

/** `body` is an EventBridge event as JSON. Throws InputError TG2013 (terminal) that says what is wrong with it. */
export function parseStorageEvent(body: string): ObjectCreatedEvent {
  const parsed = messageBody.safeParse(body)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `\`${shown(path.join('.') || 'event')}\`: ${shown(message)}`,
  )
  throw new InputError(
    'TG2013',
    `the message is no \`Object Created\` event of S3 (${wrong.slice(0, 5).join('; ')}): check what else sends to the queue`,
    { cause: parsed.error },
  )
}
