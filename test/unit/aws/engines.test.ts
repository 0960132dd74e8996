import { Metrics } from '@aws-lambda-powertools/metrics'
import { describe, expect, test } from 'vitest'
import { createSchedulerClient, createSfnClient } from '../../../shared/aws/clients.ts'
import { createPowertoolsSignals } from '../../../shared/aws/powertools-signals.ts'
import { createSchedulerSchedules } from '../../../shared/aws/scheduler-schedules.ts'
import { createSfnExecutions } from '../../../shared/aws/sfn-executions.ts'
import { type Answer, failure, startStub } from './stub-service.ts'

const arn = 'arn:aws:states:us-east-1:000000000000:execution:file-processor/EachBatch:a'

describe('the state of an execution', () => {
  const stateWhen = async (answer: Answer) => {
    await using stub = await startStub(() => answer)
    const state = await createSfnExecutions(createSfnClient(stub.overrides)).state(arn)
    expect(stub.requests[0]?.json()).toEqual({ executionArn: arn })
    return state
  }

  test.each([
    ['RUNNING', 'running'],
    ['PENDING_REDRIVE', 'running'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['TIMED_OUT', 'ended'],
    ['ABORTED', 'ended'],
    ['SOME_LATER_STATUS', 'unknown'],
  ])('%s is %s', async (status, state) => {
    expect(await stateWhen({ body: { executionArn: arn, status } })).toBe(state)
  })

  test.each(['ExecutionDoesNotExist', 'InvalidArn', 'AccessDeniedException'])('%s cannot be told', async (type) => {
    expect(await stateWhen(failure(type))).toBe('unknown')
  })

  test('is an error, not unknown, while the service does not answer', async () => {
    await expect(stateWhen('lost')).rejects.toMatchObject({
      name: 'EngineError',
      code: 'TG5111',
      certainty: 'transient',
    })
  })
})

describe('the deployed schedules', () => {
  test('are read page by page, from the group', async () => {
    await using stub = await startStub((_, index) => ({
      headers: { 'content-type': 'application/json' },
      body: index === 0 ? { Schedules: [{ Name: 'b' }], NextToken: 'more' } : { Schedules: [{ Name: 'a' }] },
    }))
    const schedules = createSchedulerSchedules(createSchedulerClient(stub.overrides), 'tidegate-dev')
    expect(await schedules.deployed()).toEqual(['a', 'b'])
    const queries = stub.requests.map(({ url }) => new URL(url, 'http://stub').searchParams)
    expect(queries.map((query) => query.get('ScheduleGroup'))).toEqual(['tidegate-dev', 'tidegate-dev'])
    expect(queries.map((query) => query.get('NextToken'))).toEqual([null, 'more'])
  })

  test('are paused without losing anything else: an update replaces the whole schedule', async () => {
    const kept = {
      Description: 'Starts it',
      ScheduleExpression: 'cron(0 3 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
      KmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k',
      ActionAfterCompletion: 'NONE',
      Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution', RoleArn: 'arn:aws:iam::000000000000:role/r' },
    }
    const found = { ...kept, Name: 'nightly', GroupName: 'tidegate-dev', State: 'ENABLED', Arn: 'a', CreationDate: 1 }
    await using stub = await startStub((_, index) => ({
      headers: { 'content-type': 'application/json' },
      body: index === 0 ? found : { ScheduleArn: 'a' },
    }))
    await createSchedulerSchedules(createSchedulerClient(stub.overrides), 'tidegate-dev').setEnabled('nightly', false)
    const [, update] = stub.requests
    expect([update?.method, update?.url]).toEqual(['PUT', '/schedules/nightly'])
    const { ClientToken: _, ...sent } = JSON.parse(update?.body ?? '{}')
    expect(sent).toEqual({ ...kept, GroupName: 'tidegate-dev', State: 'DISABLED' })
  })

  test('are none where the group is not deployed', async () => {
    const headers = { 'content-type': 'application/json', 'x-amzn-errortype': 'ResourceNotFoundException' }
    await using stub = await startStub(() => ({ status: 404, headers, body: { Message: 'no group' } }))
    expect(await createSchedulerSchedules(createSchedulerClient(stub.overrides), 'none').deployed()).toEqual([])
  })

  test('are an error that names the group when nobody may read them', async () => {
    const headers = { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' }
    await using stub = await startStub(() => ({ status: 403, headers, body: { Message: 'no' } }))
    const reading = createSchedulerSchedules(createSchedulerClient(stub.overrides), 'tidegate-dev').deployed()
    await expect(reading).rejects.toMatchObject({ code: 'TG5110', certainty: 'terminal' })
    await expect(reading).rejects.toThrow('`tidegate-dev`')
  })
})

test('signals are metrics with their unit', () => {
  const metrics = new Metrics({ namespace: 'Tidegate', serviceName: 'unit' })
  const signals = createPowertoolsSignals(metrics)
  signals.count('FilesLanded', 3)
  signals.count('BatchBytes', 1_000, 'Bytes')
  const written = metrics.serializeMetrics()
  expect(written).toMatchObject({ FilesLanded: 3, BatchBytes: 1_000 })
  expect(written._aws.CloudWatchMetrics[0]).toMatchObject({
    Namespace: 'Tidegate',
    Metrics: [
      { Name: 'FilesLanded', Unit: 'Count' },
      { Name: 'BatchBytes', Unit: 'Bytes' },
    ],
  })
})
