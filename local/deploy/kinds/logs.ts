/** Log groups with their retention. */
import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { given, type Kind } from './kind.ts'

export const logGroup = (client: CloudWatchLogsClient): Kind => ({
  async read({ LogGroupName }) {
    const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: LogGroupName }))
    const group = logGroups.find(({ logGroupName }) => logGroupName === LogGroupName)
    return group && given({ LogGroupName, RetentionInDays: group.retentionInDays })
  },
  put: async ({ LogGroupName: logGroupName, RetentionInDays: retentionInDays }) =>
    void (await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }))),
})
