/** The audit log on DynamoDB: a partition of its own in the history of runs, which nothing deletes from. */
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { type AuditItem, auditItem, auditPartition } from '../contracts/audit.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import { dynamoError } from './errors.ts'
import { checkedItem, type Item, queried } from './items.ts'
import { type TableNames, tableKeys } from './tables.ts'

export function createDynamoAuditLog(
  client: DynamoDBDocumentClient,
  tables: Pick<TableNames, 'file_processing_tracker_history'>,
): AuditLog {
  const TableName = tables.file_processing_tracker_history
  const checked = ({ raw_table_name: _, glue_job_run_id: id, ...rest }: Item): AuditItem =>
    checkedItem(auditItem, { id, ...rest }, TableName, tableKeys.file_processing_tracker_history)

  return {
    async put(item) {
      const { id, ...rest } = auditItem.parse(item)
      const Item = { raw_table_name: auditPartition, glue_job_run_id: id, ...rest }
      try {
        await client.send(new PutCommand({ TableName, Item }))
      } catch (error) {
        throw dynamoError(error, `writing audit item \`${id}\` to table \`${TableName}\``, 'repeatable-write')
      }
    },

    async recent(limit) {
      const query = {
        TableName,
        ConsistentRead: true,
        ScanIndexForward: false,
        KeyConditionExpression: 'raw_table_name = :audit',
        ExpressionAttributeValues: { ':audit': auditPartition },
      }
      const items: AuditItem[] = []
      for await (const item of queried(client, query, limit)) items.push(checked(item))
      return items
    },
  }
}
