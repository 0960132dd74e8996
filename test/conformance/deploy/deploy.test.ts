/** Deploying to the local cloud: what the emulator drops in silence is named, put and proven; what runs is the packaged code. */

import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeTimeToLiveCommand, DynamoDBClient, UpdateContinuousBackupsCommand } from '@aws-sdk/client-dynamodb'
import { GetJobCommand, GlueClient } from '@aws-sdk/client-glue'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts'
import { type Deployed, deployToLocalCloud } from '../../../local/deploy/deploy.ts'
import { type Package, packageService } from '../../../local/deploy/package.ts'
import { account, region } from '../../../local/toolchain.ts'

let cloud: LocalCloud
let made: Package
let first: Deployed
const settings = () => ({
  endpoint: cloud.endpoint,
  region,
  credentials: { accessKeyId: account, secretAccessKey: 'local' },
})

beforeAll(async () => {
  made = await packageService({ stage: 'local' })
  cloud = await startLocalCloud({ port: 0 })
  first = await deployToLocalCloud({ endpoint: cloud.endpoint, made })
})
afterAll(() => cloud?.stop())

test('a new stack is created, and what CloudFormation drops there is found', () => {
  expect(first.change).toBe('created')
  // The false greens that were measured. One that is gone is good news: take it out here.
  const dropped = Object.fromEntries(
    [...first.repairs].map(([id, paths]) => [id, [...new Set(paths.map((path) => path.split('.')[0]))]]),
  )
  expect(dropped).toMatchObject({
    FileTrackerHistoryTable: expect.arrayContaining(['TimeToLiveSpecification', 'PointInTimeRecoverySpecification']),
    RawTableConfigTable: ['PointInTimeRecoverySpecification'],
    SparkJob: expect.arrayContaining(['JobRunQueuingEnabled']),
  })
})

test('what was dropped is there now', async () => {
  const { TimeToLiveDescription } = await new DynamoDBClient(settings()).send(
    new DescribeTimeToLiveCommand({ TableName: 'odpf_file_tracker_history' }),
  )
  expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'expires_at_s', TimeToLiveStatus: 'ENABLED' })
  const { Job } = await new GlueClient(settings()).send(new GetJobCommand({ JobName: first.outputs.GlueJobName ?? '' }))
  expect(Job).toMatchObject({
    JobRunQueuingEnabled: true,
    ExecutionProperty: { MaxConcurrentRuns: 10 },
    GlueVersion: '5.1',
  })
})

test('the Spark job is where the job definition says', async () => {
  const { Job } = await new GlueClient(settings()).send(new GetJobCommand({ JobName: first.outputs.GlueJobName ?? '' }))
  const s3 = new S3Client({ ...settings(), forcePathStyle: true })
  for (const uri of [Job?.Command?.ScriptLocation, Job?.DefaultArguments?.['--extra-py-files']]) {
    const { hostname, pathname } = new URL(uri ?? '')
    const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket: hostname, Key: pathname.slice(1) }))
    expect(ContentLength).toBeGreaterThan(0)
  }
})

test('our engines hold the state machine, with nothing left to fill in, and the schedule that starts it', async () => {
  const stateMachineArn = first.outputs.FileProcessorArn ?? ''
  const { definition } = await new SFNClient(settings()).send(new DescribeStateMachineCommand({ stateMachineArn }))
  expect(definition).toContain(`arn:aws:lambda:${region}:${account}:function:tidegate-local-claim-batch`)
  expect(definition).not.toContain('${')
  const { Target } = await new SchedulerClient(settings()).send(
    new GetScheduleCommand({ Name: '10_min_refresh', GroupName: first.outputs.ScheduleGroupName ?? '' }),
  )
  expect(JSON.parse(Target?.Input ?? '')).toMatchObject({
    StateMachineArn: stateMachineArn,
    Name: '<aws.scheduler.execution-id>',
  })
})

test('the stack tells its outputs as CloudFormation does', async () => {
  const { Stacks } = await new CloudFormationClient(settings()).send(
    new DescribeStacksCommand({ StackName: 'tidegate-local' }),
  )
  const told = Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  )
  expect(told).toEqual(first.outputs)
})

test('a function is the packaged code: it refuses an unknown cadence by its number', async () => {
  const Payload = JSON.stringify({ refresh_cadence: 'no_such_cadence', execution_name: 'test' })
  const answer = await new LambdaClient(settings()).send(
    new InvokeCommand({ FunctionName: 'tidegate-local-batch-manager', Payload }),
  )
  expect(answer.FunctionError).toBeDefined()
  expect(JSON.parse(Buffer.from(answer.Payload ?? []).toString())).toMatchObject({
    errorType: 'ConfigurationError',
    errorMessage: expect.stringMatching(/^TG1301: .*`no_such_cadence`/),
  })
})

test('the reconciler finds everything that it asks of its environment, and nothing to do before the first `config apply`', async () => {
  const answer = await new LambdaClient(settings()).send(
    new InvokeCommand({ FunctionName: 'tidegate-local-reconcile', Payload: '{}' }),
  )
  expect([answer.FunctionError, JSON.parse(Buffer.from(answer.Payload ?? []).toString())]).toEqual([
    undefined,
    { skipped: 'nothing_configured' },
  ])
})

test('deploying again changes nothing; what somebody changed by hand is put right, and named', async () => {
  const again = await deployToLocalCloud({ endpoint: cloud.endpoint, made })
  expect([again.change, again.repairs.size]).toEqual(['unchanged', 0])
  await new SQSClient(settings()).send(
    new SetQueueAttributesCommand({
      QueueUrl: first.outputs.FileManagerQueueUrl,
      Attributes: { VisibilityTimeout: '1' },
    }),
  )
  await new DynamoDBClient(settings()).send(
    new UpdateContinuousBackupsCommand({
      TableName: 'odpf_batch_config',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    }),
  )
  const repaired = await deployToLocalCloud({ endpoint: cloud.endpoint, made })
  expect([...repaired.repairs.keys()].sort()).toEqual(['BatchConfigTable', 'FileManagerQueue'])
  expect((await deployToLocalCloud({ endpoint: cloud.endpoint, made })).repairs.size).toBe(0)
})
