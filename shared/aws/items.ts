/** Items as they come out of DynamoDB: validated on the way in, read page by page, fetched in batches. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { z } from 'zod'
import { complaintsOf } from '../broken-contract.ts'
import { LedgerError } from '../errors.ts'
import { shown } from '../files/shown.ts'
import { attemptsAtMost, type Pause } from './backoff.ts'
import { wrapNumbers } from './clients.ts'
import { dynamoError } from './errors.ts'

export type Item = Record<string, unknown>

/** The item, checked. Throws LedgerError TG3113, terminal, which names table and key, if it breaks its contract. */
export function checkedItem<T>(schema: z.ZodType<T>, item: Item, tableName: string, keys: readonly string[]): T {
  const result = schema.safeParse(item)
  if (result.success) return result.data
  const key = keys.map((name) => `${name} \`${keyText(item[name])}\``).join(', ')
  throw new LedgerError(
    'TG3113',
    `the item ${key} of table \`${tableName}\` breaks its contract: ${complaintsOf(result.error, 'item')}. Correct or restore the item; nothing uses it until then.`,
  )
}

/** Of a key's attribute that is neither, DynamoDB would have refused the item. */
const keyText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? shown(String(value)) : typeof value

/** An item inside an SDK error (`ReturnValuesOnConditionCheckFailure`): the document client leaves those as they came. */
export const itemOfError = (item: Record<string, AttributeValue> | undefined): Item | undefined =>
  item === undefined ? undefined : unmarshall(item, { wrapNumbers })

/** Items of a query in key order, page after page; at most `limit`. */
export async function* queried(
  client: DynamoDBDocumentClient,
  query: Omit<QueryCommandInput, 'Limit' | 'ExclusiveStartKey'> & { TableName: string },
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item> {
  let left = limit
  let ExclusiveStartKey: Item | undefined
  while (left > 0) {
    const page = await client
      .send(new QueryCommand({ ...query, ExclusiveStartKey, ...(Number.isFinite(left) ? { Limit: left } : {}) }))
      .catch((error) => {
        throw dynamoError(error, `querying table \`${query.TableName}\``, 'read')
      })
    yield* page.Items ?? []
    left -= page.Items?.length ?? 0
    if (page.LastEvaluatedKey === undefined) return
    ExclusiveStartKey = page.LastEvaluatedKey
  }
}

/** Every item of a table, strongly consistent, page after page. */
export async function* scanned(
  client: DynamoDBDocumentClient,
  scan: Omit<ScanCommandInput, 'ExclusiveStartKey'> & { TableName: string },
): AsyncGenerator<Item> {
  let ExclusiveStartKey: Item | undefined
  do {
    const page = await client
      .send(new ScanCommand({ ConsistentRead: true, ...scan, ExclusiveStartKey }))
      .catch((error) => {
        throw dynamoError(error, `scanning table \`${scan.TableName}\``, 'read')
      })
    yield* page.Items ?? []
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
}

/** All of it, in memory. */
export async function collected(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** DynamoDB takes at most 100 keys in one BatchGetItem. */
const keysPerBatch = 100

/**
 * The items that exist among `keys` (which are all different), strongly consistent, in no order. What DynamoDB leaves
 * unprocessed is asked for again; LedgerError TG3111, transient, when it still does after the last attempt.
 */
export async function fetched(
  client: DynamoDBDocumentClient,
  tableName: string,
  keys: readonly Item[],
  pause: Pause,
  more: { readonly ProjectionExpression?: string } = {},
): Promise<Item[]> {
  const items: Item[] = []
  for (let start = 0; start < keys.length; start += keysPerBatch) {
    let open: Item[] = keys.slice(start, start + keysPerBatch)
    for (let attempt = 1; open.length > 0; attempt++) {
      if (attempt > attemptsAtMost) {
        throw new LedgerError(
          'TG3111',
          `table \`${tableName}\` left ${open.length} of ${keys.length} keys unread after ${attemptsAtMost} attempts. Try again; if it lasts, look at its throttling.`,
          { certainty: 'transient' },
        )
      }
      if (attempt > 1) await pause(attempt - 1)
      const request = { RequestItems: { [tableName]: { Keys: open, ConsistentRead: true, ...more } } }
      const answer = await client.send(new BatchGetCommand(request)).catch((error) => {
        throw dynamoError(error, `reading ${open.length} items of table \`${tableName}\``, 'read')
      })
      items.push(...(answer.Responses?.[tableName] ?? []))
      open = answer.UnprocessedKeys?.[tableName]?.Keys ?? []
    }
  }
  return items
}
