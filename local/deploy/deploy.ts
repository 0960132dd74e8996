/**
 * Deploys the shipped serverless.yml to the local cloud: package as for AWS, adapt, create the stack, and prove it.
 *
 *     osls package ─► resolve, adapt ─► deployment bucket ─► CloudFormation (emulator) ─► read back ─► put what is missing ─► read back
 *                                                                                     our engines' resources are put there ┘
 */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { GlueClient } from '@aws-sdk/client-glue'
import { IAMClient } from '@aws-sdk/client-iam'
import { LambdaClient } from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { SFNClient } from '@aws-sdk/client-sfn'
import { SQSClient } from '@aws-sdk/client-sqs'
import { account, region } from '../toolchain.ts'
import { dynamoDbTable } from './kinds/dynamodb.ts'
import { eventsRule } from './kinds/events.ts'
import { glueDatabase, glueJob } from './kinds/glue.ts'
import { iamRole } from './kinds/iam.ts'
import { type Kind, orNothing } from './kinds/kind.ts'
import { eventSourceMapping, lambdaFunction } from './kinds/lambda.ts'
import { logGroup } from './kinds/logs.ts'
import { s3Bucket, s3BucketPolicy } from './kinds/s3.ts'
import { schedule, scheduleGroup } from './kinds/scheduler.ts'
import { sqsQueue, sqsQueuePolicy } from './kinds/sqs.ts'
import { stateMachine } from './kinds/step-functions.ts'
import { type Package, packageService } from './package.ts'
import { applyStack, type StackChange } from './stack.ts'
import { digest, type LocalDeployment, localDeployment } from './transform.ts'
import { type Repairs, settle } from './verify.ts'

export interface DeployOptions {
  /** The gateway: our engines answer there for their services. */
  endpoint: string
  /** Default `local`: the stack is `tidegate-<stage>`. */
  stage?: string
  /** Configuration whose cadences become schedules; relative to the project, default `tidegate.yml`. */
  config?: string
  /** Deploy this instead of packaging the sources as they are now. */
  made?: Package
  /** Told what is being done, a line each. */
  log?: (line: string) => void
  /** Aborts the packaging: its processes have ended when the promise rejects. */
  signal?: AbortSignal
}

export interface Deployed {
  readonly stackName: string
  readonly change: StackChange
  /** Outputs of the stack by name, as `DescribeStacks` gives them. */
  readonly outputs: Readonly<Record<string, string>>
  /** What the emulator's CloudFormation had dropped and was put through the services' own APIs. */
  readonly repairs: Repairs
}

/** Deploys or updates. Throws TG53xx when a part cannot be packaged, created, or is not there as asked for afterwards. */
export async function deployToLocalCloud(options: DeployOptions): Promise<Deployed> {
  const stage = options.stage ?? 'local'
  const log = options.log ?? (() => undefined)
  const made = options.made ?? (await packageService({ stage, config: options.config, log, signal: options.signal }))
  const stackName = `tidegate-${stage}`
  const deployment = localDeployment(made, { account, region, stackName, endpoint: options.endpoint })
  const clients = clientsOf(options.endpoint)
  try {
    const templateUrl = await upload(clients.s3, deployment, options.endpoint)
    log(`deploying the stack ${stackName}`)
    const change = await applyStack(clients.cloudFormation, stackName, deployment.stack, templateUrl)
    const repairs = await settle(heldResources(deployment), kindsOf(clients, deployment))
    log(`deployed ${stackName}: ${change}, every resource read back`)
    const outputs = Object.entries(deployment.asked.Outputs ?? {}).map(([name, { Value }]) => [name, String(Value)])
    return { stackName, change, repairs, outputs: Object.fromEntries(outputs) }
  } finally {
    for (const client of Object.values(clients)) client.destroy()
  }
}

/** What is read back: the emulator's resources and our engines'; alarms and the deployment bucket's policy have no counterpart. */
const heldResources = ({ asked }: LocalDeployment) =>
  Object.fromEntries(
    Object.entries(asked.Resources).filter(
      ([id, { Type }]) => Type !== 'AWS::CloudWatch::Alarm' && !id.startsWith('ServerlessDeploymentBucket'),
    ),
  )

type Clients = ReturnType<typeof clientsOf>

function clientsOf(endpoint: string) {
  const settings = { endpoint, region, credentials: { accessKeyId: account, secretAccessKey: 'local' } }
  return {
    cloudFormation: new CloudFormationClient(settings),
    dynamoDb: new DynamoDBClient(settings),
    events: new EventBridgeClient(settings),
    glue: new GlueClient(settings),
    iam: new IAMClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    scheduler: new SchedulerClient(settings),
    sqs: new SQSClient(settings),
    stepFunctions: new SFNClient(settings),
  }
}

const kindsOf = (clients: Clients, { artifacts }: LocalDeployment): Record<string, Kind> => ({
  'AWS::DynamoDB::Table': dynamoDbTable(clients.dynamoDb),
  'AWS::Events::Rule': eventsRule(clients.events),
  'AWS::Glue::Database': glueDatabase(clients.glue),
  'AWS::Glue::Job': glueJob(clients.glue),
  'AWS::IAM::Role': iamRole(clients.iam),
  'AWS::Lambda::EventSourceMapping': eventSourceMapping(clients.lambda),
  'AWS::Lambda::Function': lambdaFunction(clients.lambda, new Map(artifacts.map(({ key, bytes }) => [key, bytes]))),
  'AWS::Logs::LogGroup': logGroup(clients.logs),
  'AWS::S3::Bucket': s3Bucket(clients.s3),
  'AWS::S3::BucketPolicy': s3BucketPolicy(clients.s3),
  'AWS::SQS::Queue': sqsQueue(clients.sqs),
  'AWS::SQS::QueuePolicy': sqsQueuePolicy(clients.sqs),
  'AWS::Scheduler::Schedule': schedule(clients.scheduler),
  'AWS::Scheduler::ScheduleGroup': scheduleGroup(clients.scheduler),
  'AWS::StepFunctions::StateMachine': stateMachine(clients.stepFunctions),
})

/** Puts what is not there yet, keys being content, and gives the URL of the template. */
async function upload(s3: S3Client, deployment: LocalDeployment, endpoint: string): Promise<string> {
  const Bucket = deployment.bucket
  if ((await orNothing(s3.send(new HeadBucketCommand({ Bucket })))) === undefined)
    await s3.send(new CreateBucketCommand({ Bucket }))
  const template = Buffer.from(JSON.stringify(deployment.stack))
  const templateKey = `templates/${digest(template)}.json`
  const put = async ({ key: Key, bytes: Body }: { key: string; bytes: Uint8Array }): Promise<void> => {
    const there = await orNothing(s3.send(new HeadObjectCommand({ Bucket, Key })))
    if (there?.ContentLength !== Body.length) await s3.send(new PutObjectCommand({ Bucket, Key, Body }))
  }
  await Promise.all([...deployment.artifacts, { key: templateKey, bytes: template }].map(put))
  return `${endpoint}/${Bucket}/${templateKey}`
}
