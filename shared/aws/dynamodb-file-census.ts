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
      // History first: it has nearly all of them, and each look-up of a file that is not there costs as much as one that is.
      const settled = new Set(await idsIn(tables.file_tracker_history, keys))
      const others = keys.filter(({ file_id }) => !settled.has(file_id))
      return new Set([...settled, ...(await idsIn(tables.file_tracker, others))])
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
