/** DynamoDB tables. The emulator's CloudFormation drops time to live and point-in-time recovery. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { given, type Kind, orNothing } from './kind.ts'

export const dynamoDbTable = (client: DynamoDBClient): Kind => ({
  async read({ TableName }) {
    const table = (await orNothing(client.send(new DescribeTableCommand({ TableName }))))?.Table
    if (table === undefined) return undefined
    const { TimeToLiveDescription: ttl } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
    const { ContinuousBackupsDescription: backups } = await client.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    )
    return given({
      TableName: table.TableName,
      BillingMode: table.BillingModeSummary?.BillingMode,
      KeySchema: table.KeySchema,
      AttributeDefinitions: table.AttributeDefinitions,
      TimeToLiveSpecification: ttl?.AttributeName && {
        AttributeName: ttl.AttributeName,
        Enabled: ttl.TimeToLiveStatus === 'ENABLED',
      },
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED',
      },
    })
  },
  async put({ TableName, TimeToLiveSpecification, PointInTimeRecoverySpecification }, _found, differing) {
    if (differing.includes('TimeToLiveSpecification'))
      await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
    if (differing.includes('PointInTimeRecoverySpecification'))
      await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }))
  },
})
