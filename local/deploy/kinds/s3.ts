/** Buckets and their policies. The emulator's CloudFormation drops encryption. */
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Properties } from '../template.ts'
import { given, type Kind, orNothing, parsedJson } from './kind.ts'

export const s3Bucket = (client: S3Client): Kind => ({
  async read({ BucketName: Bucket }) {
    if ((await orNothing(client.send(new HeadBucketCommand({ Bucket })))) === undefined) return undefined
    const [encryption, access, ownership, notification, lifecycle] = await Promise.all([
      orNothing(client.send(new GetBucketEncryptionCommand({ Bucket }))),
      orNothing(client.send(new GetPublicAccessBlockCommand({ Bucket }))),
      orNothing(client.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
      client.send(new GetBucketNotificationConfigurationCommand({ Bucket })),
      orNothing(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
    ])
    const rules = encryption?.ServerSideEncryptionConfiguration?.Rules?.map(
      ({ ApplyServerSideEncryptionByDefault }) => ({
        ServerSideEncryptionByDefault: ApplyServerSideEncryptionByDefault,
      }),
    )
    return given({
      BucketName: Bucket,
      BucketEncryption: rules && { ServerSideEncryptionConfiguration: rules },
      PublicAccessBlockConfiguration: access?.PublicAccessBlockConfiguration,
      OwnershipControls: ownership?.OwnershipControls,
      NotificationConfiguration: notification.EventBridgeConfiguration && {
        EventBridgeConfiguration: { EventBridgeEnabled: true },
      },
      LifecycleConfiguration: lifecycle && { Rules: lifecycle.Rules?.map(ruleInTemplate) },
    })
  },
  async put(asked, _found, differing) {
    const Bucket = asked.BucketName
    const writers: Record<string, () => Promise<unknown>> = {
      BucketEncryption: () =>
        client.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: encryptionOf(asked) })),
      PublicAccessBlockConfiguration: () =>
        client.send(
          new PutPublicAccessBlockCommand({
            Bucket,
            PublicAccessBlockConfiguration: asked.PublicAccessBlockConfiguration,
          }),
        ),
      OwnershipControls: () =>
        client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: asked.OwnershipControls })),
      NotificationConfiguration: () =>
        client.send(
          new PutBucketNotificationConfigurationCommand({
            Bucket,
            NotificationConfiguration: { EventBridgeConfiguration: {} },
          }),
        ),
      LifecycleConfiguration: () =>
        client.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket,
            LifecycleConfiguration: { Rules: asked.LifecycleConfiguration.Rules.map(ruleInApi) },
          }),
        ),
    }
    for (const name of differing) await writers[name]?.()
  },
})

const encryptionOf = ({ BucketEncryption }: Properties) => ({
  Rules: BucketEncryption.ServerSideEncryptionConfiguration.map((rule: Properties) => ({
    ApplyServerSideEncryptionByDefault: rule.ServerSideEncryptionByDefault,
  })),
})

const ruleInTemplate = ({
  ID,
  Status,
  Filter,
  Prefix,
  Expiration,
  AbortIncompleteMultipartUpload,
}: LifecycleRule): Properties =>
  given({
    Id: ID,
    Status,
    Prefix: Filter?.Prefix || Prefix || undefined,
    ExpirationInDays: Expiration?.Days,
    AbortIncompleteMultipartUpload,
  })

const ruleInApi = (rule: Properties): LifecycleRule => ({
  ID: rule.Id,
  Status: rule.Status,
  Filter: { Prefix: rule.Prefix ?? '' },
  ...(rule.ExpirationInDays && { Expiration: { Days: rule.ExpirationInDays } }),
  ...(rule.AbortIncompleteMultipartUpload && { AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload }),
})

export const s3BucketPolicy = (client: S3Client): Kind => ({
  async read({ Bucket }) {
    const found = await orNothing(client.send(new GetBucketPolicyCommand({ Bucket })))
    return found && { Bucket, PolicyDocument: parsedJson(found.Policy) }
  },
  put: async ({ Bucket, PolicyDocument }) =>
    void (await client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(PolicyDocument) }))),
})
