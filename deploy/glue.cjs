/** The Spark job on Glue, its role, its log groups, and the databases that it writes. */
const { deployed, logicalId } = require('./configuration.cjs')
const { jobFiles } = require('./job-files.cjs')

module.exports = async ({ resolveVariable }) => {
  const { cadences, databases } = await deployed(resolveVariable)
  const setting = {
    job: await resolveVariable('self:custom.names.job'),
    retentionDays: await resolveVariable('param:logRetentionDays'),
    dataPolicy: await resolveVariable('param:dataPolicy'),
    files: jobFiles(`${await resolveVariable('self:service')}/${await resolveVariable('sls:stage')}`),
  }
  return {
    Resources: {
      ...Object.fromEntries(databases.map((name) => [logicalId('Database', name), database(name, setting)])),
      SparkJob: sparkJob(cadences, setting),
      SparkJobRole: role(databases, setting),
      SparkJobOutputLogGroup: logGroup('output', setting),
      SparkJobErrorLogGroup: logGroup('error', setting),
    },
  }
}

const database = (name, { dataPolicy }) => ({
  Type: 'AWS::Glue::Database',
  DeletionPolicy: dataPolicy,
  UpdateReplacePolicy: dataPolicy,
  Properties: {
    CatalogId: { Ref: 'AWS::AccountId' },
    DatabaseInput: {
      Name: name,
      Description: 'Tables that Tidegate writes',
      LocationUri: { 'Fn::Sub': `s3://\${RawBucket}/${name}` },
    },
  },
})

/** Spark's settings; the local cloud gives the same ones, see local/glue/. Glue takes one `--conf` only: they are chained. */
const sparkSettings = [
  'spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
  'spark.sql.defaultCatalog=glue',
  'spark.sql.catalog.glue=org.apache.iceberg.spark.SparkCatalog',
  'spark.sql.catalog.glue.type=glue',
  `spark.sql.catalog.glue.warehouse=s3://\${RawBucket}`,
  'spark.sql.catalog.glue.io-impl=org.apache.iceberg.aws.s3.S3FileIO',
  // A batch looks, scans and commits on one snapshot: the session's table cache must not refresh by itself.
  'spark.sql.catalog.glue.cache.expiration-interval-ms=-1',
  'spark.sql.session.timeZone=UTC',
  'spark.scheduler.mode=FAIR',
]

const sparkJob = (cadences, { job, files }) => ({
  Type: 'AWS::Glue::Job',
  Properties: {
    Name: job,
    Description: 'Applies one plan: the waiting files of a batch of tables, one commit a table',
    Role: { 'Fn::GetAtt': ['SparkJobRole', 'Arn'] },
    GlueVersion: '5.1',
    WorkerType: 'G.1X',
    NumberOfWorkers: 10,
    ExecutionClass: 'STANDARD',
    // A second attempt is a new plan under a new token; Glue's own would repeat an old one.
    MaxRetries: 0,
    Timeout: 240,
    // Executions of different cadences overlap, so the Maps of all of them must fit.
    ExecutionProperty: { MaxConcurrentRuns: cadences.reduce((sum, { maxConcurrency }) => sum + maxConcurrency, 0) },
    JobRunQueuingEnabled: true,
    Command: {
      Name: 'glueetl',
      PythonVersion: '3',
      ScriptLocation: { 'Fn::Sub': `s3://\${ServerlessDeploymentBucket}/${files.script.key}` },
    },
    DefaultArguments: {
      '--job-language': 'python',
      '--datalake-formats': 'iceberg,hudi',
      '--enable-auto-scaling': 'true',
      '--enable-metrics': 'true',
      '--enable-observability-metrics': 'true',
      '--job-bookmark-option': 'job-bookmark-disable',
      '--custom-logGroup-prefix': `/tidegate/${job}`,
      '--extra-py-files': { 'Fn::Sub': `s3://\${ServerlessDeploymentBucket}/${files.library.key}` },
      '--conf': { 'Fn::Sub': sparkSettings.join(' --conf ') },
    },
  },
})

const logGroup = (kind, { job, retentionDays }) => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: { LogGroupName: `/tidegate/${job}/${kind}`, RetentionInDays: retentionDays },
})

const role = (databases, setting) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'glue.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
    Policies: [
      { PolicyName: 'spark-job', PolicyDocument: { Version: '2012-10-17', Statement: statements(databases, setting) } },
    ],
  },
})

const sub = (text) => ({ 'Fn::Sub': text })
const allow = (Sid, Action, Resource, Condition) => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})

const statements = (databases, { job, files }) => [
  allow('ReadItself', 's3:GetObject', sub(`\${ServerlessDeploymentBucket.Arn}/${files.prefix}*`)),
  allow('ReadLandedFiles', 's3:GetObject', sub(`\${StagingBucket.Arn}/*`)),
  allow(
    'WriteTables',
    ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
    sub(`\${RawBucket.Arn}/*`),
  ),
  allow(
    'ReadPlansAndTombstones',
    's3:GetObject',
    ['runs', 'entries', 'commits', 'tombstones'].map((folder) => sub(`\${ControlBucket.Arn}/${folder}/*`)),
  ),
  allow(
    'WriteOutcomesAndEvidence',
    's3:PutObject',
    ['runs', 'commits'].map((folder) => sub(`\${ControlBucket.Arn}/${folder}/*`)),
  ),
  allow(
    'TellAbsentFromForbidden',
    ['s3:ListBucket', 's3:GetBucketLocation'],
    ['StagingBucket', 'RawBucket', 'ControlBucket'].map((bucket) => ({ 'Fn::GetAtt': [bucket, 'Arn'] })),
  ),
  allow(
    'Catalogue',
    [
      'glue:GetDatabase',
      'glue:CreateDatabase',
      'glue:GetTable',
      'glue:GetTables',
      'glue:CreateTable',
      'glue:UpdateTable',
      // Partitions of Hudi tables; Iceberg has its own.
      'glue:BatchCreatePartition',
    ],
    ['catalog', ...databases.flatMap((name) => [`database/${name}`, `table/${name}/*`])].map((resource) =>
      sub(`arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:${resource}`),
    ),
  ),
  allow(
    'Logs',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ['output', 'error'].map((kind) =>
      sub(
        `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/tidegate/${job}/${kind}:log-stream:*`,
      ),
    ),
  ),
  // This action knows no resource; the namespace is what limits it.
  allow('Metrics', 'cloudwatch:PutMetricData', '*', { StringEquals: { 'cloudwatch:namespace': 'Glue' } }),
]
