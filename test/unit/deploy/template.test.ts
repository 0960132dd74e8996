/** The packaged template: least privilege, time-outs that fit each other, and a place for everything that fails. */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { packageService } from '../../../local/deploy/package.ts'
import { ofType, type Properties, type Template } from '../../../local/deploy/template.ts'
import { parseConfig } from '../../../shared/config/parse.ts'
import { resolve } from '../../../shared/config/resolve.ts'

let template: Template
beforeAll(async () => {
  template = (await packageService({ stage: 'dev' })).template
}, 180_000)

/** The shipped configuration, as `config apply` would write it. */
const shipped = resolve(
  parseConfig(readFileSync(new URL('../../../tidegate.yml', import.meta.url), 'utf8'), 'tidegate.yml'),
  {
    rawBucket: 'raw',
    glueJobName: 'tidegate-dev-spark',
  },
)

interface Statement {
  Sid: string
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: unknown
}

const propertiesOf = (type: string): Properties[] => ofType(template, type).map(([, { Properties }]) => Properties)
const statements = (): [string, Statement][] =>
  ofType(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) =>
    (Properties.Policies as Properties[]).flatMap(({ PolicyDocument }) =>
      (PolicyDocument.Statement as Statement[]).map((statement): [string, Statement] => [id, statement]),
    ),
  )

const RULES = ['LandingRule', 'DeletionRule']

describe('least privilege', () => {
  test('no action has a wildcard', () => {
    const wild = statements().filter(([, { Action }]) => [Action].flat().some((action) => action.includes('*')))
    expect(wild).toEqual([])
  })

  test('only two statements name every resource, whose actions know none', () => {
    const everything = statements().filter(([, { Resource }]) => [Resource].flat().includes('*'))
    expect(everything.map(([id, { Sid }]) => `${id}.${Sid}`).sort()).toEqual([
      'FileProcessorRole.DeliverLogs',
      'SparkJobRole.Metrics',
    ])
    const metrics = everything.find(([id]) => id === 'SparkJobRole')?.[1]
    expect(metrics?.Action).toBe('cloudwatch:PutMetricData')
    expect(metrics?.Condition).toEqual({ StringEquals: { 'cloudwatch:namespace': 'Glue' } })
  })

  test('a resource that ends in a wildcard names what is before it', () => {
    const texts = statements()
      .flatMap(([, { Resource }]) => [Resource].flat())
      .map((resource) => JSON.stringify(resource))
    const wild = texts.filter((text) => text.includes('*') && text !== '"*"')
    expect(wild.length).toBeGreaterThan(10)
    for (const text of wild)
      expect(text).toMatch(
        /(Arn\}\/([\w/]+\/)?|log-stream:|execution:[\w-]+(\/EachBatch)?:|table\/\w+\/|serverless\/tidegate\/dev\/job\/)\*"/,
      )
  })

  test('those who must know whether a job is over may list the runs of that job, and of no other', () => {
    const may = statements().filter(([, { Action }]) => [Action].flat().includes('glue:GetJobRuns'))
    expect(may.map(([id]) => id).sort()).toEqual(['ClaimBatchRole', 'FileProcessorRole', 'SettleBatchRole'])
    for (const [, { Resource }] of may) expect(JSON.stringify(Resource)).toMatch(/:job\/tidegate-dev-spark"/)
  })

  test('each function has a role of its own, and no role is left over', () => {
    const used = propertiesOf('AWS::Lambda::Function').map(({ Role }) => Role['Fn::GetAtt'][0])
    expect(new Set(used).size).toBe(6)
    const others = ['FileProcessorRole', 'ReconcileSchedulerRole', 'SchedulerRole', 'SparkJobRole']
    expect(
      ofType(template, 'AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual([...used, ...others].sort())
  })

  test('a function writes its own log group only', () => {
    const own = statements()
      .filter(([, { Sid }]) => Sid === 'Logs')
      .filter(([id]) => id !== 'SparkJobRole')
    const groups = own.map(([, { Resource }]) => /log-group:(.*):log-stream/.exec(JSON.stringify(Resource))?.[1])
    expect(groups.sort()).toEqual(
      propertiesOf('AWS::Lambda::Function')
        .map(({ FunctionName }) => `/aws/lambda/${FunctionName}`)
        .sort(),
    )
  })

  test('only one service and the rules of one bucket may send to a queue', () => {
    for (const { PolicyDocument } of propertiesOf('AWS::SQS::QueuePolicy')) {
      expect(PolicyDocument.Statement).toHaveLength(1)
      expect(PolicyDocument.Statement[0]).toMatchObject({
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: { ArnEquals: { 'aws:SourceArn': RULES.map((rule) => ({ 'Fn::GetAtt': [rule, 'Arn'] })) } },
      })
    }
  })
})

describe('time and repetition', () => {
  test('the queue hides a message six times as long as its function may run', () => {
    const { VisibilityTimeout } = template.Resources.FileManagerQueue?.Properties ?? {}
    const { Timeout } = template.Resources.FileManagerLambdaFunction?.Properties ?? {}
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout)
  })

  test('the state machine waits longer for a function than the function may run', () => {
    const definition = template.Resources.FileProcessor?.Properties.DefinitionString as string
    const waits = [...definition.matchAll(/"FunctionName":.*?"TimeoutSeconds":(\d+)/g)].map(([, seconds]) =>
      Number(seconds),
    )
    expect(waits).toHaveLength(4)
    const longest = Math.max(...propertiesOf('AWS::Lambda::Function').map(({ Timeout }) => Timeout))
    expect(Math.min(...waits)).toBeGreaterThan(longest)
  })

  test('bad messages are told one by one', () => {
    const [mapping] = propertiesOf('AWS::Lambda::EventSourceMapping')
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 20 },
    })
  })

  test('Glue never retries, queues, and takes every batch that all cadences may run at once', () => {
    const [job] = propertiesOf('AWS::Glue::Job')
    expect(job).toMatchObject({ GlueVersion: '5.1', WorkerType: 'G.1X', MaxRetries: 0, JobRunQueuingEnabled: true })
    const atOnce = shipped.cadences.reduce((sum, { max_concurrency }) => sum + max_concurrency, 0)
    expect(job?.ExecutionProperty.MaxConcurrentRuns).toBeGreaterThanOrEqual(atOnce)
  })
})

describe('nothing is lost', () => {
  test('whatever delivers has a dead-letter queue, and each of these an alarm', () => {
    const rules = propertiesOf('AWS::Events::Rule')
    expect(rules).toHaveLength(RULES.length)
    const dead = [
      template.Resources.FileManagerQueue?.Properties.RedrivePolicy.deadLetterTargetArn,
      ...rules.flatMap(({ Targets }) => Targets as Properties[]).map(({ DeadLetterConfig }) => DeadLetterConfig.Arn),
      ...propertiesOf('AWS::Scheduler::Schedule').map(({ Target }) => Target.DeadLetterConfig.Arn),
    ].map((arn) => arn['Fn::GetAtt'][0])
    expect(new Set(dead)).toEqual(new Set(['FileManagerDlq', 'LandingRuleDlq', 'SchedulerDlq']))
    const watched = propertiesOf('AWS::CloudWatch::Alarm').map(
      ({ Dimensions }) => Dimensions[0].Value?.['Fn::GetAtt']?.[0],
    )
    expect(watched).toEqual(expect.arrayContaining(dead))
    expect(template.Resources.FileManagerQueue?.Properties.RedrivePolicy.maxReceiveCount).toBe(3)
  })

  test('dead letters outlive the queue that they came from', () => {
    const { MessageRetentionPeriod } = template.Resources.FileManagerQueue?.Properties ?? {}
    expect(template.Resources.FileManagerDlq?.Properties.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod)
  })

  test('failed, timed-out and stopped runs ring, and so do lost changes and held tables', () => {
    const metrics = propertiesOf('AWS::CloudWatch::Alarm').map(({ MetricName }) => MetricName)
    expect(metrics).toEqual(
      expect.arrayContaining([
        'ExecutionsFailed',
        'ExecutionsTimedOut',
        'ExecutionsAborted',
        'FilesSuperseded',
        'TablesHeldBack',
        'FilesReconciled',
        'WaitingFilesLost',
        'Errors',
      ]),
    )
  })

  test('a change file that was overwritten rings, whichever function finds it', () => {
    const watched = propertiesOf('AWS::CloudWatch::Alarm')
      .filter(({ MetricName }) => MetricName === 'FilesSuperseded')
      .map(({ Dimensions }) => Dimensions[0].Value)
    expect(watched.sort()).toEqual(['claim-batch', 'settle-batch'])
  })

  test('every table can be restored, is kept when the stack goes, and costs by use', () => {
    const tables = ofType(template, 'AWS::DynamoDB::Table').map(([, table]) => table)
    expect(tables).toHaveLength(6)
    for (const { Properties, DeletionPolicy, UpdateReplacePolicy } of tables) {
      expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST')
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    }
  })

  test('buckets are private and encrypted; files never expire by age', () => {
    for (const [id, { Properties }] of ofType(template, 'AWS::S3::Bucket')) {
      expect(Object.values(Properties.PublicAccessBlockConfiguration), id).toEqual([true, true, true, true])
      expect(Properties.BucketEncryption, id).toBeDefined()
    }
    for (const id of ['StagingBucket', 'RawBucket'])
      expect(JSON.stringify(template.Resources[id]?.Properties.LifecycleConfiguration)).not.toContain('Expiration')
  })
})

test('each cadence has a schedule that starts the machine with it, once', () => {
  const ofCadences = { Ref: 'ScheduleGroup' }
  const schedules = propertiesOf('AWS::Scheduler::Schedule').filter(({ GroupName }) =>
    isDeepStrictEqual(GroupName, ofCadences),
  )
  expect(schedules.map(({ Name }) => Name)).toEqual(shipped.cadences.map(({ refresh_cadence }) => refresh_cadence))
  for (const { Name, Target } of schedules) {
    const input = JSON.parse(Target.Input['Fn::Sub'])
    expect(JSON.parse(input.Input)).toEqual({ refresh_cadence: Name })
    expect(input.Name).toBe('<aws.scheduler.execution-id>')
  }
})

test('the reconciler has a schedule of its own, which no cadence can collide with, and no machine waits for it', () => {
  const [schedule, ...more] = propertiesOf('AWS::Scheduler::Schedule').filter(({ Name }) => Name === 'reconcile')
  expect(more).toEqual([])
  expect(schedule).toMatchObject({
    GroupName: { Ref: 'ReconcileScheduleGroup' },
    ScheduleExpression: 'rate(1 hour)',
    Target: { Arn: { 'Fn::GetAtt': ['ReconcileLambdaFunction', 'Arn'] }, Input: '{}' },
  })
})

test('functions run on Node 24 on Arm, and every log group forgets', () => {
  for (const { Runtime, Architectures } of propertiesOf('AWS::Lambda::Function'))
    expect([Runtime, Architectures]).toEqual(['nodejs24.x', ['arm64']])
  const groups = propertiesOf('AWS::Logs::LogGroup')
  expect(groups).toHaveLength(6 + 1 + 2)
  for (const { RetentionInDays } of groups) expect(RetentionInDays).toBe(90)
})
