/** All-or-nothing writes that survive conflicts and lost answers. */
import { randomUUID } from 'node:crypto'
import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { LedgerError } from '../errors.ts'
import { attemptsAtMost, type Pause } from './backoff.ts'
import { dynamoError } from './errors.ts'

/** DynamoDB takes at most 100 items in one transaction. */
export const itemsPerTransaction = 100

export type TransactionItems = NonNullable<TransactWriteCommandInput['TransactItems']>

/** Refused by a condition: one reason an item, in the order of the items. */
export type Transacted =
  | { readonly committed: true }
  | { readonly committed: false; readonly reasons: CancellationReason[] }

/** Another writer, or DynamoDB's own pace, was in the way: nothing was done, and trying again may work. */
const passing = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

export const conditionFailed = (reason: CancellationReason | undefined): boolean =>
  reason?.Code === 'ConditionalCheckFailed'

/**
 * Writes all `items` or none. Every attempt carries the same ClientRequestToken, so that one whose answer was lost is not
 * applied twice. Throws LedgerError: TG3111 (transient) after the last conflict, otherwise as `dynamoError` says.
 */
export async function transact(
  client: DynamoDBDocumentClient,
  items: TransactionItems,
  action: string,
  effect: 'repeatable-write' | 'write',
  pause: Pause,
): Promise<Transacted> {
  const command = { TransactItems: items, ClientRequestToken: randomUUID() }
  let last: unknown
  for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
    try {
      await client.send(new TransactWriteCommand(command))
      return { committed: true }
    } catch (error) {
      last = error
      const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : []
      if (reasons.some(conditionFailed)) return { committed: false, reasons }
      const conflict = reasons.length > 0 && reasons.every(({ Code }) => passing.has(Code ?? 'None'))
      if (!conflict) throw dynamoError(error, action, effect)
    }
    await pause(attempt)
  }
  throw new LedgerError(
    'TG3111',
    `${action} met other writers ${attemptsAtMost} times in a row and did nothing. Try again.`,
    { certainty: 'transient', cause: last },
  )
}
