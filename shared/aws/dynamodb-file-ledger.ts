/** The file ledger on DynamoDB: landing, waiting, and moving to history, each file in exactly one of the two tables. */
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import {
  fullLoadMarker,
  fullLoadMarkerId,
  type LandedFile,
  landedFile,
  quarantineMarker,
  type SettledFile,
  settledFile,
} from '../contracts/ledger.ts'
import { LedgerError, OurError } from '../errors.ts'
import { isQuarantined } from '../files/quarantine.ts'
import type { ClaimProof, FileLedger, FileMove } from '../ports/file-ledger.ts'
import { putBetween, returnsAtOnce, returnWrites } from './backfill-writes.ts'
import { fullJitter, type Pause } from './backoff.ts'
import { dynamoError } from './errors.ts'
import { checkedItem, collected, fetched, type Item, queried, scanned } from './items.ts'
import { discardWrites, markerPut, markersOf, releaseWrites } from './quarantine-writes.ts'
import { type TableNames, tableKeys } from './tables.ts'
import { conditionFailed, itemsPerTransaction, type TransactionItems, transact } from './transactions.ts'

/** The table ledger's tracker is needed too: every move proves its claim there. */
export type FileLedgerTables = Pick<TableNames, 'file_tracker' | 'file_tracker_history' | 'file_processing_tracker'>

const absent = 'attribute_not_exists(file_id)'
/** One item of each transaction is the proof of the claim. */
const roomForMoves = itemsPerTransaction - 1

export function createDynamoFileLedger(
  client: DynamoDBDocumentClient,
  tables: FileLedgerTables,
  pause: Pause = fullJitter,
): FileLedger {
  const ofTable = (table: string) => ({
    TableName: tables.file_tracker,
    ConsistentRead: true,
    KeyConditionExpression: 'source_table_name = :table',
    ExpressionAttributeValues: { ':table': table },
  })
  /** Ids of files begin with a digit, which sorts before the markers' `full#`. */
  const settledOf = (table: string) => ({
    TableName: tables.file_tracker_history,
    ConsistentRead: true,
    ScanIndexForward: false,
    KeyConditionExpression: 'source_table_name = :table AND file_id < :markers',
    ExpressionAttributeValues: { ':table': table, ':markers': 'full#' },
  })
  const waitingFile = (item: Item) => checkedItem(landedFile, item, tables.file_tracker, tableKeys.file_tracker)
  const historyFile = (item: Item) =>
    checkedItem(settledFile, item, tables.file_tracker_history, tableKeys.file_tracker_history)
  const historyItem = async (table: string, fileId: string): Promise<Item | undefined> => {
    const TableName = tables.file_tracker_history
    const Key = { source_table_name: table, file_id: fileId }
    const answer = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true })).catch((error) => {
      throw dynamoError(error, `reading \`${fileId}\` of table \`${TableName}\``, 'read')
    })
    return answer.Item
  }

  /** The file leaves quarantine as it was seen, or not at all. */
  const decide = async (writes: TransactionItems, seen: SettledFile, verb: string): Promise<boolean> => {
    const action = `${verb} \`${seen.file_id}\` of \`${seen.source_table_name}\``
    return (await transact(client, writes, action, 'repeatable-write', pause)).committed
  }

  return {
    async land(file) {
      const result = await transact(
        client,
        landing(tables, file),
        `landing \`${file.file_ingestion_path}\``,
        'repeatable-write',
        pause,
      )
      if (result.committed) return 'landed'
      return conditionFailed(result.reasons[0]) ? 'already_settled' : 'already_waiting'
    },

    async waiting(table, limit) {
      const files: LandedFile[] = []
      for await (const item of queried(client, ofTable(table), limit)) files.push(waitingFile(item))
      return files
    },

    async hasWaiting(table) {
      for await (const _ of queried(client, { ...ofTable(table), ProjectionExpression: 'file_id' }, 1)) return true
      return false
    },

    async waitingByTable() {
      const byTable = new Map<string, { files: number; full: number; bytes: number; oldest: LandedFile }>()
      for await (const item of scanned(client, { TableName: tables.file_tracker })) {
        const file = waitingFile(item)
        const seen = byTable.get(file.source_table_name) ?? { files: 0, full: 0, bytes: 0, oldest: file }
        byTable.set(file.source_table_name, {
          files: seen.files + 1,
          full: seen.full + (file.dms_file_type === 'Full' ? 1 : 0),
          bytes: seen.bytes + file.bytes,
          oldest: file.file_id < seen.oldest.file_id ? file : seen.oldest,
        })
      }
      return byTable
    },

    async settled(table, fileId) {
      const item = await historyItem(table, fileId)
      return item && historyFile(item)
    },

    async settledFiles(table, limit) {
      const files: SettledFile[] = []
      for await (const item of queried(client, settledOf(table), limit)) files.push(historyFile(item))
      return files
    },

    async settledBetween(table, fromS, toS) {
      const items = await collected(queried(client, putBetween(tables, table, fromS, toS)))
      return items.map(historyFile)
    },

    async quarantined(table, limit) {
      const items = await collected(queried(client, markersOf(tables, table), limit))
      const keys = items
        .map((item) => checkedItem(quarantineMarker, item, tables.file_tracker_history, tableKeys.file_tracker_history))
        .map((marker) => ({ source_table_name: table, file_id: marker.marker_of }))
      const files = (await fetched(client, tables.file_tracker_history, keys, pause)).map(historyFile)
      return files.sort((a, b) => (a.file_id < b.file_id ? -1 : 1))
    },
    release: (seen, atMs) => decide(releaseWrites(tables, seen, atMs), seen, 'releasing'),
    discard: (seen, atMs) => decide(discardWrites(tables, seen, atMs), seen, 'discarding'),

    async returnApplied(item, returns) {
      for (let from = 0; from < returns.length; from += returnsAtOnce) {
        const part = returns.slice(from, from + returnsAtOnce)
        const action = `returning ${part.length} files of table \`${item.raw_table_name}\` from history`
        const writes = returnWrites(tables, item, part)
        if (!(await transact(client, writes, action, 'repeatable-write', pause)).committed) return from
      }
      return returns.length
    },

    async marker(table, generation, key) {
      const item = await historyItem(table, fullLoadMarkerId(generation, key))
      return item && checkedItem(fullLoadMarker, item, tables.file_tracker_history, tableKeys.file_tracker_history)
    },

    async move(proof, moves) {
      for (const part of packed(moves)) await movePart(client, tables, proof, part, pause)
    },
  }
}

// tracker   [ – ] ──land──► [ landed ] ──move──► [ – ]
// history   [ – ]           [ –      ]           [ settled ] ──land──► refused: already settled
function landing(tables: FileLedgerTables, file: LandedFile): TransactionItems {
  const Key = { source_table_name: file.source_table_name, file_id: file.file_id }
  return [
    { ConditionCheck: { TableName: tables.file_tracker_history, Key, ConditionExpression: absent } },
    { Put: { TableName: tables.file_tracker, Item: file, ConditionExpression: absent } },
  ]
}

// claim     [ token 7, updating_table ] ─ owner A moves part 1 ─┬─ token 8 ─► A's part 2: TG3001, nothing moved
// history   the first move of a file wins, and the first of a marker: whoever comes again leaves both as they are
const stillClaimed = 'claim_token = :token AND refresh_status = :updating'

async function movePart(
  client: DynamoDBDocumentClient,
  tables: FileLedgerTables,
  proof: ClaimProof,
  part: readonly FileMove[],
  pause: Pause,
): Promise<void> {
  const claim: TransactionItems[number] = {
    ConditionCheck: {
      TableName: tables.file_processing_tracker,
      Key: { raw_table_name: proof.table },
      ConditionExpression: stillClaimed,
      ExpressionAttributeValues: { ':token': proof.token, ':updating': 'updating_table' },
    },
  }
  let left = part
  while (left.length > 0) {
    const writes = left.map((move) => writesOf(tables, move))
    const action = `moving ${left.length} files of table \`${proof.table}\` to history`
    const result = await transact(client, [claim, ...writes.flat()], action, 'repeatable-write', pause)
    if (result.committed) return
    const [claimReason, ...reasons] = result.reasons
    if (conditionFailed(claimReason)) throw claimLost(proof)
    left = stillToMove(left, reasons.map(conditionFailed))
  }
}

/** A quarantined file leaves no full-load marker: a corrected put of its key belongs to the same load. */
const costOf = ({ settled, marker }: FileMove): number => (marker || isQuarantined(settled) ? 3 : 2)

function writesOf(tables: FileLedgerTables, { settled, marker }: FileMove): TransactionItems {
  const Key = { source_table_name: settled.source_table_name, file_id: settled.file_id }
  const putOnce = (Item: object) => ({
    Put: { TableName: tables.file_tracker_history, Item: { ...Item }, ConditionExpression: absent },
  })
  const moved = [putOnce(settled), { Delete: { TableName: tables.file_tracker, Key } }]
  return [...moved, ...(marker ? [putOnce(marker)] : markerPut(tables, settled))]
}

/** What is left when history had some already. `refused` is one flag a write, in the order of `writesOf`. */
function stillToMove(moves: readonly FileMove[], refused: readonly boolean[]): FileMove[] {
  let at = 0
  const left = moves.flatMap((move) => {
    const [settledThere, , markerThere] = refused.slice(at, at + costOf(move))
    at += costOf(move)
    if (settledThere) return []
    return markerThere ? [{ settled: move.settled }] : [move]
  })
  if (refused.includes(true)) return left
  throw new OurError(
    'TG9110',
    `a move of ${moves.length} files was refused by none of its conditions. Please report it.`,
  )
}

const claimLost = ({ table, token }: ClaimProof): LedgerError =>
  new LedgerError(
    'TG3001',
    `the claim of table \`${table}\` no longer has token \`${token}\`: another run took over, or the table was released. Nothing was written; leave the table to its owner.`,
  )

/** As many moves in one part as a transaction takes: 49 files, or 33 with their markers. The same file only once. */
function packed(moves: readonly FileMove[]): FileMove[][] {
  const parts: FileMove[][] = []
  let room = 0
  for (const move of new Map(moves.map((one) => [one.settled.file_id, one])).values()) {
    if (costOf(move) > room) {
      parts.push([])
      room = roomForMoves
    }
    parts.at(-1)?.push(move)
    room -= costOf(move)
  }
  return parts
}
