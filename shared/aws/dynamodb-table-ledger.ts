/** The table ledger on DynamoDB: compare and set of one item a table, and the history of its runs. */
import { isDeepStrictEqual } from 'node:util'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { TableConfig } from '../contracts/config.ts'
import { type TableItem, type TableRun, tableItem, tableRun } from '../contracts/ledger.ts'
import { LedgerError, OurError } from '../errors.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { fullJitter, type Pause } from './backoff.ts'
import { attemptsOf, dynamoError } from './errors.ts'
import { checkedItem, fetched, type Item, itemOfError, queried, scanned } from './items.ts'
import { type TableNames, tableKeys } from './tables.ts'
import { conditionFailed, type TransactionItems, transact } from './transactions.ts'

/** The configuration is needed too: a first claim is conditional on it. */
export type TableLedgerTables = Pick<
  TableNames,
  'file_processing_tracker' | 'file_processing_tracker_history' | 'raw_table_config'
>

export function createDynamoTableLedger(
  client: DynamoDBDocumentClient,
  tables: TableLedgerTables,
  pause: Pause = fullJitter,
): TableLedger {
  const checked = (item: Item) =>
    checkedItem(tableItem, item, tables.file_processing_tracker, tableKeys.file_processing_tracker)

  const checkedRun = (item: Item) =>
    checkedItem(tableRun, item, tables.file_processing_tracker_history, tableKeys.file_processing_tracker_history)

  const itemOf = async (TableName: string, Key: Item): Promise<Item | undefined> => {
    const answer = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true })).catch((error) => {
      throw dynamoError(error, `reading \`${Object.values(Key).join('` / `')}\` of table \`${TableName}\``, 'read')
    })
    return answer.Item
  }
  const get = async (table: string): Promise<TableItem | undefined> => {
    const item = await itemOf(tables.file_processing_tracker, { raw_table_name: table })
    return item && checked(item)
  }

  return {
    get,

    async getMany(names) {
      const keys = [...new Set(names)].map((name) => ({ raw_table_name: name }))
      const items = await fetched(client, tables.file_processing_tracker, keys, pause)
      return new Map(items.map(checked).map((item) => [item.raw_table_name, item]))
    },

    async all() {
      const items: TableItem[] = []
      for await (const item of scanned(client, { TableName: tables.file_processing_tracker })) items.push(checked(item))
      return items
    },

    async replace(next, seen, run, config) {
      assertFollows(next, seen)
      const put = revisionPut(tables, next, seen)
      const others = [...(run ? [historyPut(tables, run)] : []), ...(config ? [configCheck(tables, config)] : [])]
      try {
        const refused = others.length > 0 ? await putWith(client, put, others, pause) : await putAlone(client, put)
        if (refused === 'written') return { written: true }
        if (refused === 'for another reason') return { written: false, current: await get(next.raw_table_name) }
        return { written: false, current: refused && checked(refused) }
      } catch (error) {
        if (!(error instanceof LedgerError && error.certainty === 'unknown')) throw error
        // No answer, and the write may have landed: what is stored now tells.
        const stored = await get(next.raw_table_name)
        if (isDeepStrictEqual(stored, next)) return { written: true }
        throw error
      }
    },

    async run(table, runId) {
      const key = { raw_table_name: table, glue_job_run_id: runId }
      const item = await itemOf(tables.file_processing_tracker_history, key)
      return item && checkedRun(item)
    },

    /** Run ids do not sort by time, so a table's whole history is read; only `limit` of it is kept. */
    async runs(table, limit) {
      const query = {
        TableName: tables.file_processing_tracker_history,
        ConsistentRead: true,
        KeyConditionExpression: 'raw_table_name = :table',
        ExpressionAttributeValues: { ':table': table },
      }
      let newest: TableRun[] = []
      for await (const item of queried(client, query)) {
        newest.push(checkedRun(item))
        if (newest.length > 2 * limit + 100) newest = newestFirst(newest, limit)
      }
      return newestFirst(newest, limit)
    },
  }
}

const newestFirst = (runs: readonly TableRun[], limit: number): TableRun[] =>
  runs.toSorted((a, b) => b.ended_at_ms - a.ended_at_ms).slice(0, limit)

function assertFollows(next: TableItem, seen: TableItem | undefined): void {
  if (next.revision === (seen?.revision ?? 0) + 1) return
  throw new OurError(
    'TG9111',
    `the item of \`${next.raw_table_name}\` has revision \`${next.revision}\` after \`${seen?.revision ?? 0}\`. Please report it.`,
  )
}

//            revision 6         revision 7
// writer A   saw 6 ─ put 7 ───► [ A's item ]
// writer B   saw 6 ──── put 7 ─ refused, is handed A's item
const unwritten = 'attribute_not_exists(raw_table_name)'
const asSeen = 'revision = :seen'

const revisionPut = (tables: TableLedgerTables, next: TableItem, seen: TableItem | undefined) => ({
  TableName: tables.file_processing_tracker,
  Item: next,
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  ...(seen === undefined
    ? { ConditionExpression: unwritten }
    : { ConditionExpression: asSeen, ExpressionAttributeValues: { ':seen': seen.revision } }),
})
type RevisionPut = ReturnType<typeof revisionPut>

const actionOf = (put: RevisionPut): string =>
  `writing revision ${put.Item.revision} of \`${put.Item.raw_table_name}\` to table \`${put.TableName}\``

async function putAlone(client: DynamoDBDocumentClient, put: RevisionPut): Promise<'written' | Item | undefined> {
  try {
    await client.send(new PutCommand(put))
    return 'written'
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw dynamoError(error, actionOf(put), 'write')
    const stored = itemOfError(error.Item)
    // A repeated call may have been refused by its own first attempt, whose answer was lost: then what is stored is ours.
    return attemptsOf(error) > 1 && isDeepStrictEqual(stored, put.Item) ? 'written' : stored
  }
}

const historyPut = (tables: TableLedgerTables, Item: TableRun): TransactionItems[number] => ({
  Put: { TableName: tables.file_processing_tracker_history, Item },
})

// config apply   reads the item (revision 6) ───────────── puts the configuration, if revision = 6
// a claim             reads the configuration (applied at 12:00) ─ puts revision 7, if applied at 12:00
// whichever is second is refused, and looks again
const configCheck = (tables: TableLedgerTables, config: TableConfig): TransactionItems[number] => ({
  ConditionCheck: {
    TableName: tables.raw_table_config,
    Key: { refresh_cadence: config.refresh_cadence, source_table_name: config.source_table_name },
    ConditionExpression: 'applied_at_ms = :applied',
    ExpressionAttributeValues: { ':applied': config.applied_at_ms },
  },
})

async function putWith(
  client: DynamoDBDocumentClient,
  put: RevisionPut,
  others: TransactionItems,
  pause: Pause,
): Promise<'written' | 'for another reason' | Item | undefined> {
  const result = await transact(client, [{ Put: put }, ...others], actionOf(put), 'write', pause)
  if (result.committed) return 'written'
  const [refusal] = result.reasons
  return conditionFailed(refusal) ? itemOfError(refusal?.Item) : 'for another reason'
}
