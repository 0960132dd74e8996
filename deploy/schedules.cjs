/** One EventBridge Scheduler schedule a cadence; each starts the state machine with `{"refresh_cadence": …}`. */
const { deployed, logicalId } = require('./configuration.cjs')

module.exports = async ({ resolveVariable }) => {
  const { cadences } = await deployed(resolveVariable)
  const prefix = await resolveVariable('self:custom.names.prefix')
  const machine = await resolveVariable('self:custom.names.machine')
  return {
    Resources: {
      ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: prefix } },
      SchedulerDlq: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          QueueName: `${prefix}-scheduler-dlq`,
          SqsManagedSseEnabled: true,
          MessageRetentionPeriod: 1209600,
          RedriveAllowPolicy: { redrivePermission: 'denyAll' },
        },
      },
      SchedulerRole: role(prefix),
      ...Object.fromEntries(
        cadences.map((cadence) => [logicalId('Schedule', cadence.name), schedule(cadence, machine)]),
      ),
    },
  }
}

const schedule = (cadence, machine) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name: cadence.name,
    GroupName: { Ref: 'ScheduleGroup' },
    Description: `Starts ${machine} for the tables of ${cadence.name}`,
    ScheduleExpression: cadence.expression,
    ScheduleExpressionTimezone: cadence.timezone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    State: 'ENABLED',
    Target: {
      // The universal target, since the templated one for Step Functions cannot name the execution. With the name, a
      // start that is delivered twice is one execution; an execution id has no colon, which a name must not have.
      Arn: { 'Fn::Sub': `arn:\${AWS::Partition}:scheduler:::aws-sdk:sfn:startExecution` },
      RoleArn: { 'Fn::GetAtt': ['SchedulerRole', 'Arn'] },
      Input: {
        'Fn::Sub': JSON.stringify({
          StateMachineArn: `\${FileProcessor}`,
          Name: '<aws.scheduler.execution-id>',
          Input: JSON.stringify({ refresh_cadence: cadence.name }),
        }),
      },
      // A start that is hours late is worth nothing: the next one does its work. The dead letter raises the alarm.
      RetryPolicy: { MaximumRetryAttempts: 20, MaximumEventAgeInSeconds: 900 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['SchedulerDlq', 'Arn'] } },
    },
  },
})

const role = (group) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: {
              'aws:SourceAccount': { Ref: 'AWS::AccountId' },
              'aws:SourceArn': {
                'Fn::Sub': `arn:\${AWS::Partition}:scheduler:\${AWS::Region}:\${AWS::AccountId}:schedule-group/${group}`,
              },
            },
          },
        },
      ],
    },
    Policies: [
      {
        PolicyName: 'start-cadences',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Sid: 'Start', Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'FileProcessor' } },
            {
              Sid: 'DeadLetter',
              Effect: 'Allow',
              Action: 'sqs:SendMessage',
              Resource: { 'Fn::GetAtt': ['SchedulerDlq', 'Arn'] },
            },
          ],
        },
      },
    ],
  },
})
