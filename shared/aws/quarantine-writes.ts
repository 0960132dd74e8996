/** Quarantine on DynamoDB: the marker that goes in with a file, and the transactions by which a file leaves it. */
import type { QuarantineMarker, SettledFile } from '../contracts/ledger.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { givenUp, isQuarantined, waitingAgain } from '../files/quarantine.ts'
import type { TableNames } from './tables.ts'
import type { TransactionItems } from './transactions.ts'

type QuarantineTables = Pick<TableNames, 'file_tracker' | 'file_tracker_history'>

const markerPrefix = 'quarantine#'

/** The markers of a table; they sort behind its files and its full-load markers. */
export const markersOf = (tables: QuarantineTables, table: string) => ({
  TableName: tables.file_tracker_history,
  ConsistentRead: true,
  KeyConditionExpression: 'source_table_name = :table AND begins_with(file_id, :prefix)',
  ExpressionAttributeValues: { ':table': table, ':prefix': markerPrefix },
})

/** Put without a condition: a file that is quarantined anew has it again, whoever forgot the old one. */
export function markerPut(tables: QuarantineTables, file: SettledFile): TransactionItems {
  if (!isQuarantined(file)) return []
  const Item: QuarantineMarker = {
    source_table_name: file.source_table_name,
    file_id: `${markerPrefix}${file.file_id}`,
    marker_of: file.file_id,
    expires_at_s: file.expires_at_s,
  }
  return [{ Put: { TableName: tables.file_tracker_history, Item } }]
}

// history   [ quarantined ] ──release──► [ – ]          marker [ x ] ──► [ – ]   tracker [ – ] ──► [ landed ]
//           [ quarantined ] ──discard──► [ given up ]   marker [ x ] ──► [ – ]
// whoever saw another state than the stored one is refused as a whole
const asSeen =
  'file_ingestion_status = :quarantined AND settled_at_ms = :settled AND quarantine.discarded_at_ms = :discarded'

const conditionOf = (seen: SettledFile) => ({
  ConditionExpression: asSeen,
  ExpressionAttributeValues: {
    ':quarantined': 'raw_file_quarantined',
    ':settled': seen.settled_at_ms,
    ':discarded': seen.quarantine?.discarded_at_ms ?? null,
  },
})

const keyOf = ({ source_table_name, file_id }: SettledFile) => ({ source_table_name, file_id })

const markerGone = (tables: QuarantineTables, seen: SettledFile): TransactionItems[number] => ({
  Delete: {
    TableName: tables.file_tracker_history,
    Key: { ...keyOf(seen), file_id: `${markerPrefix}${seen.file_id}` },
  },
})

export const releaseWrites = (tables: QuarantineTables, seen: SettledFile, atMs: EpochMs): TransactionItems => [
  { Delete: { TableName: tables.file_tracker_history, Key: keyOf(seen), ...conditionOf(seen) } },
  markerGone(tables, seen),
  { Put: { TableName: tables.file_tracker, Item: waitingAgain(seen, atMs) } },
]

export const discardWrites = (tables: QuarantineTables, seen: SettledFile, atMs: EpochMs): TransactionItems => [
  { Put: { TableName: tables.file_tracker_history, Item: givenUp(seen, atMs), ...conditionOf(seen) } },
  markerGone(tables, seen),
]
