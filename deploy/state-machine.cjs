/** The state machine as the repository has it, its role and its log group. Plain CloudFormation: see docs/adr. */
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const definitionFile = join(__dirname, '..', 'state-machines', 'file-processor.asl.json')

/** The definition without its white space; placeholders stay, since CloudFormation fills them in. */
const definition = () => JSON.stringify(JSON.parse(readFileSync(definitionFile, 'utf8')))

/** What the `${…}` of the definition become. */
const substitutions = {
  BatchManagerFunctionArn: { 'Fn::GetAtt': ['BatchManagerLambdaFunction', 'Arn'] },
  ClaimBatchFunctionArn: { 'Fn::GetAtt': ['ClaimBatchLambdaFunction', 'Arn'] },
  SettleBatchFunctionArn: { 'Fn::GetAtt': ['SettleBatchLambdaFunction', 'Arn'] },
  SummariseRunFunctionArn: { 'Fn::GetAtt': ['SummariseRunLambdaFunction', 'Arn'] },
}

const arn = (service, rest) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`,
})

module.exports = async ({ resolveVariable }) => {
  const machine = await resolveVariable('self:custom.names.machine')
  const job = await resolveVariable('self:custom.names.job')
  const retentionDays = await resolveVariable('param:logRetentionDays')
  return {
    Resources: {
      FileProcessor: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: machine,
          StateMachineType: 'STANDARD',
          DefinitionString: definition(),
          DefinitionSubstitutions: substitutions,
          RoleArn: { 'Fn::GetAtt': ['FileProcessorRole', 'Arn'] },
          LoggingConfiguration: {
            Level: 'ERROR',
            IncludeExecutionData: true,
            Destinations: [
              { CloudWatchLogsLogGroup: { LogGroupArn: { 'Fn::GetAtt': ['FileProcessorLogGroup', 'Arn'] } } },
            ],
          },
        },
      },
      FileProcessorLogGroup: {
        Type: 'AWS::Logs::LogGroup',
        // Only groups of this name are free of the size limit of the account's resource policy for log delivery.
        Properties: { LogGroupName: `/aws/vendedlogs/states/${machine}`, RetentionInDays: retentionDays },
      },
      FileProcessorRole: role(machine, job),
    },
  }
}

const role = (machine, job) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'states.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: { 'aws:SourceArn': arn('states', `stateMachine:${machine}*`) },
          },
        },
      ],
    },
    Policies: [
      { PolicyName: 'file-processor', PolicyDocument: { Version: '2012-10-17', Statement: statements(machine, job) } },
    ],
  },
})

const statements = (machine, job) => [
  {
    Sid: 'CallTheFourFunctions',
    Effect: 'Allow',
    Action: 'lambda:InvokeFunction',
    Resource: Object.values(substitutions),
  },
  {
    Sid: 'RunTheSparkJob',
    Effect: 'Allow',
    Action: ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'],
    Resource: arn('glue', `job/${job}`),
  },
  {
    // By name: a reference to the machine would be circular.
    Sid: 'StartChildrenOfTheMap',
    Effect: 'Allow',
    Action: 'states:StartExecution',
    Resource: arn('states', `stateMachine:${machine}`),
  },
  {
    Sid: 'FollowChildrenOfTheMap',
    Effect: 'Allow',
    Action: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
    Resource: [arn('states', `execution:${machine}:*`), arn('states', `execution:${machine}/EachBatch:*`)],
  },
  {
    Sid: 'ReadManifests',
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: { 'Fn::Sub': `\${ControlBucket.Arn}/runs/*` },
  },
  {
    // These actions of CloudWatch Logs know no resource: AWS accepts nothing but '*' here (Step Functions guide, "Logging").
    Sid: 'DeliverLogs',
    Effect: 'Allow',
    Action: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    Resource: '*',
  },
]
