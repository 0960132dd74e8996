/** Alarms: what nobody would notice before a table is stale. They tell the topic that the parameter `alarmTopicArn` names. */

/** Messages in a dead-letter queue, and what an operator does about them. */
const deadLetters = {
  FileManagerDlq: 'Events that could not be landed wait in the dead-letter queue: `tidegate dlq list` shows why',
  LandingRuleDlq: 'Events of the staging bucket did not reach the queue: files may be unknown to the ledger',
  SchedulerDlq: 'A schedule could not start its target: a cadence was not refreshed, or the bucket not reconciled',
}

/** Executions that ended without success, by the metric of AWS/States. */
const executions = {
  ExecutionsFailed: 'A run ended with failed tables: `tidegate status` names them',
  ExecutionsTimedOut: 'A run timed out: its tables may be held',
  ExecutionsAborted: 'A run was stopped before it settled: its tables may be held',
}

module.exports = async ({ resolveVariable }) => {
  const setting = {
    prefix: await resolveVariable('self:custom.names.prefix'),
    actions: topicOf(await resolveVariable('param:alarmTopicArn')),
  }
  const alarms = [
    ...Object.entries(deadLetters).map(([queue, text]) => [`${queue}Alarm`, deadLetterAlarm(queue, text, setting)]),
    ...Object.entries(executions).map(([metric, text]) => [`${metric}Alarm`, executionAlarm(metric, text, setting)]),
    ['ReconcileErrorsAlarm', reconcileErrorsAlarm(setting)],
    ...ours.map(([metric, service, text, name = metric]) => [
      `${name}Alarm`,
      ourAlarm(name, metric, service, text, setting),
    ]),
  ]
  return { Resources: Object.fromEntries(alarms) }
}

function topicOf(arn) {
  if (arn === '') return []
  if (!/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+(\.fifo)?$/.test(arn))
    throw new Error(
      `TG1620: \`${arn}\` of the parameter alarmTopicArn is no ARN of an SNS topic. Give one, or nothing.`,
    )
  return [arn]
}

const alarm = (name, description, { prefix, actions }, metric) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: `${prefix}-${name}`,
    AlarmDescription: description,
    ...metric,
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: actions,
  },
})

const deadLetterAlarm = (queue, text, setting) =>
  alarm(queue, text, setting, {
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }],
    Statistic: 'Maximum',
  })

const executionAlarm = (metric, text, setting) =>
  alarm(metric, text, setting, {
    Namespace: 'AWS/States',
    MetricName: metric,
    Dimensions: [{ Name: 'StateMachineArn', Value: { Ref: 'FileProcessor' } }],
    Statistic: 'Sum',
  })

/** It is invoked asynchronously: nobody else hears of its failure. */
const reconcileErrorsAlarm = (setting) =>
  alarm('ReconcileErrors', 'The reconciler failed: files whose event is lost stay unknown to the ledger', setting, {
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'ReconcileLambdaFunction' } }],
    Statistic: 'Sum',
  })

/** Sums of a metric that one of our functions emits. */
const ourAlarm = (name, metric, service, text, setting) =>
  alarm(name, text, setting, {
    Namespace: 'Tidegate',
    MetricName: metric,
    Dimensions: [{ Name: 'service', Value: service }],
    Statistic: 'Sum',
  })

/** Metric, function, text, and the alarm's name if it is another one than the metric's. */
const ours = [
  // The claim counts them when it finds a waiting change file overwritten, settling when the job found it.
  [
    'FilesSuperseded',
    'claim-batch',
    'A change file was overwritten before it was applied: its changes are lost unless the new file has them',
  ],
  [
    'FilesSuperseded',
    'settle-batch',
    'A change file was overwritten, and landed after the newer one was applied: its changes are lost unless that has them',
    'FilesFoundOverwritten',
  ],
  // Runs leave them out, and succeed: nothing else would say that they are not refreshed any more.
  [
    'FilesReconciled',
    'reconcile',
    'Files were landed that no event had announced: look whether the landing rule and its queue work',
  ],
  [
    'WaitingFilesLost',
    'reconcile',
    'Files wait in the ledger whose objects are gone or overwritten: `tidegate reconcile --dry-run` names them',
  ],
  ['TablesHeldBack', 'batch-manager', 'Tables are held and wait for an operator: `tidegate status` says which and why'],
]
