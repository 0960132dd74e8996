/** The configuration tables on DynamoDB: what `config apply` wrote, as the Lambdas read it. */
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { batchConfig, tableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import { fullJitter, type Pause } from './backoff.ts'
import { dynamoError } from './errors.ts'
import { checkedItem, collected, type Item, queried, scanned } from './items.ts'
import { type TableNames, tableKeys } from './tables.ts'
import { type TransactionItems, transact } from './transactions.ts'

/** The table ledger's tracker is needed too: what would change a table's data is put only as it was seen there. */
export type ConfigTables = Pick<TableNames, 'batch_config' | 'raw_table_config' | 'file_processing_tracker'>

export function createDynamoConfigStore(
  client: DynamoDBDocumentClient,
  tables: ConfigTables,
  pause: Pause = fullJitter,
): ConfigStore {
  const cadenceOf = (item: Item) => checkedItem(batchConfig, item, tables.batch_config, tableKeys.batch_config)
  const tableOf = (item: Item) => checkedItem(tableConfig, item, tables.raw_table_config, tableKeys.raw_table_config)
  const { get, put, remove } = itemAccess(client)
  /** False if the ledger's item of the table is another one by now. */
  const asSeen = async (write: TransactionItems[number], table: string, seen: TableItem | undefined) => {
    const check = {
      TableName: tables.file_processing_tracker,
      Key: { raw_table_name: table },
      ...(seen
        ? { ConditionExpression: 'revision = :seen', ExpressionAttributeValues: { ':seen': seen.revision } }
        : { ConditionExpression: 'attribute_not_exists(raw_table_name)' }),
    }
    const action = `changing \`${table}\` in table \`${tables.raw_table_config}\``
    return (await transact(client, [write, { ConditionCheck: check }], action, 'repeatable-write', pause)).committed
  }

  return {
    async cadence(name) {
      const item = await get(tables.batch_config, { refresh_cadence: name })
      return item && cadenceOf(item)
    },
    async cadences() {
      const items = await collected(scanned(client, { TableName: tables.batch_config }))
      return items.map(cadenceOf).sort((a, b) => (a.refresh_cadence < b.refresh_cadence ? -1 : 1))
    },
    async tables(cadence) {
      const items = queried(client, {
        TableName: tables.raw_table_config,
        ConsistentRead: true,
        KeyConditionExpression: 'refresh_cadence = :cadence',
        ExpressionAttributeValues: { ':cadence': cadence },
      })
      return (await collected(items)).map(tableOf)
    },
    async table(cadence, table) {
      const item = await get(tables.raw_table_config, { refresh_cadence: cadence, source_table_name: table })
      return item && tableOf(item)
    },
    putCadence: (config) => put(tables.batch_config, config, config.refresh_cadence),
    putTable: (config) => put(tables.raw_table_config, config, config.source_table_name),
    putTableAsSeen: (config, seen) =>
      asSeen({ Put: { TableName: tables.raw_table_config, Item: config } }, config.source_table_name, seen),
    deleteTableAsSeen: (cadence, table, seen) =>
      asSeen(
        {
          Delete: {
            TableName: tables.raw_table_config,
            Key: { refresh_cadence: cadence, source_table_name: table },
          },
        },
        table,
        seen,
      ),
    deleteCadence: (name) => remove(tables.batch_config, { refresh_cadence: name }),
    deleteTable: (cadence, table) =>
      remove(tables.raw_table_config, { refresh_cadence: cadence, source_table_name: table }),
  }
}

function itemAccess(client: DynamoDBDocumentClient) {
  const named = (key: Item) => Object.values(key).join('` / `')
  return {
    async get(TableName: string, Key: Item): Promise<Item | undefined> {
      try {
        return (await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item
      } catch (error) {
        throw dynamoError(error, `reading \`${named(Key)}\` of table \`${TableName}\``, 'read')
      }
    },
    async put(TableName: string, item: object, name: string): Promise<void> {
      try {
        await client.send(new PutCommand({ TableName, Item: { ...item } }))
      } catch (error) {
        throw dynamoError(error, `writing \`${name}\` to table \`${TableName}\``, 'repeatable-write')
      }
    },
    async remove(TableName: string, Key: Item): Promise<void> {
      try {
        await client.send(new DeleteCommand({ TableName, Key }))
      } catch (error) {
        throw dynamoError(error, `deleting \`${named(Key)}\` of table \`${TableName}\``, 'repeatable-write')
      }
    },
  }
}
