/** Reads S3's event out of an SQS message. A message that is no such event fails alone. */
import { JSONStringified } from '@aws-lambda-powertools/parser/helpers'
import { complaintsOf } from '../../shared/broken-contract.ts'
import { type StorageEvent, storageEvent } from '../../shared/contracts/event.ts'
import { InputError } from '../../shared/errors.ts'

const messageBody = JSONStringified(storageEvent)

/** `body` is an EventBridge event as JSON. Throws InputError TG2013 (terminal) that says what is wrong with it. */
export function parseStorageEvent(body: string): StorageEvent {
  const parsed = messageBody.safeParse(body)
  if (parsed.success) return parsed.data
  throw new InputError(
    'TG2013',
    `the message is no \`Object Created\` or \`Object Deleted\` event of S3 (${complaintsOf(parsed.error, 'event')}): check what else sends to the queue`,
    { cause: parsed.error },
  )
}
