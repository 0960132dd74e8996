/** Look-ups of many files at once in the file ledger on DynamoDB. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { landedFile } from '../contracts/ledger.ts'
import type { FileCensus } from '../ports/file-census.ts'
import { fullJitter, type Pause } from './backoff.ts'
import { checkedItem, fetched, queried, scanned } from './items.ts'
import { type TableNames, tableKeys } from './tables.ts'

export function createDynamoFileCensus(
  client: DynamoDBDocumentClient,
  tables: Pick<TableNames, 'file_tracker' | 'file_tracker_history'>,
  pause: Pause = fullJitter,
): FileCensus {
  const idsIn = async (TableName: string, keys: readonly Record<string, string>[]): Promise<string[]> => {
    const items = await fetched(client, TableName, keys, pause, { ProjectionExpression: 'file_id' })
    return items.map(({ file_id }) => String(file_id))
  }
  return {
    async known(files) {
      const keys = files.map(({ source_table_name, file_id }) => ({ source_table_name, file_id }))
      // The tracker first: a file on its way to history between the two reads is then seen in one of them.
      const waiting = new Set(await idsIn(tables.file_tracker, keys))
      const others = keys.filter(({ file_id }) => !waiting.has(file_id))
      return new Set([...waiting, ...(await idsIn(tables.file_tracker_history, others))])
    },

    async *everyWaiting(table) {
      const TableName = tables.file_tracker
      const items =
        table === undefined
          ? scanned(client, { TableName })
          : queried(client, {
              TableName,
              ConsistentRead: true,
              KeyConditionExpression: 'source_table_name = :table',
              ExpressionAttributeValues: { ':table': table },
            })
      for await (const item of items) yield checkedItem(landedFile, item, TableName, tableKeys.file_tracker)
    },
  }
}
