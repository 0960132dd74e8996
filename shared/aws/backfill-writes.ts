/** Backfill on DynamoDB: the query for a span of put times, and the transaction by which applied files wait again. */
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { putTimePrefix } from '../files/file-id.ts'
import type { FileReturn } from '../ports/file-ledger.ts'
import type { TableNames } from './tables.ts'
import { itemsPerTransaction, type TransactionItems } from './transactions.ts'

type BackfillTables = Pick<TableNames, 'file_tracker' | 'file_tracker_history' | 'file_processing_tracker'>

/** One item of a transaction is the proof, and each file takes two. */
export const returnsAtOnce = Math.floor((itemsPerTransaction - 1) / 2)

/** An id is its put time and `-…`: a bare put time sorts before every id of that second. */
export const putBetween = (tables: BackfillTables, table: string, fromS: EpochSeconds, toS: EpochSeconds) => ({
  TableName: tables.file_tracker_history,
  ConsistentRead: true,
  KeyConditionExpression: 'source_table_name = :table AND file_id BETWEEN :from AND :to',
  ExpressionAttributeValues: { ':table': table, ':from': putTimePrefix(fromS), ':to': putTimePrefix(toS) },
})

// history   [ processed ] ──return──► [ – ]   tracker [ – ] ──► [ landed ]   if the table's item has the revision that was seen
// a claim, or another operator's verb, in between: refused as a whole
export function returnWrites(tables: BackfillTables, item: TableItem, part: readonly FileReturn[]): TransactionItems {
  const asPreviewed: TransactionItems[number] = {
    ConditionCheck: {
      TableName: tables.file_processing_tracker,
      Key: { raw_table_name: item.raw_table_name },
      ConditionExpression: 'revision = :revision',
      ExpressionAttributeValues: { ':revision': item.revision },
    },
  }
  const moves = part.flatMap(({ seen, again }): TransactionItems => {
    const Key = { source_table_name: seen.source_table_name, file_id: seen.file_id }
    return [
      {
        Delete: {
          TableName: tables.file_tracker_history,
          Key,
          ConditionExpression: 'file_ingestion_status = :applied AND settled_at_ms = :settled',
          ExpressionAttributeValues: { ':applied': 'raw_file_processed', ':settled': seen.settled_at_ms },
        },
      },
      { Put: { TableName: tables.file_tracker, Item: { ...again } } },
    ]
  })
  return [asPreviewed, ...moves]
}
