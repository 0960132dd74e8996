/** [evidence] What Glue and Step Functions say of a run's job, as the adapters read it. */
import { describe, expect, test } from 'vitest'
import { createGlueClient, createSfnClient } from '../../../shared/aws/clients.ts'
import { createGlueJobRuns } from '../../../shared/aws/glue-job-runs.ts'
import { createSfnExecutions } from '../../../shared/aws/sfn-executions.ts'
import { type Answer, failure, startStub } from './stub-service.ts'

describe('the job runs of a run of ours', () => {
  const NOW_S = 1_700_000_000
  const jobRun = (Id: string, JobRunState: string, runId: string | undefined, agoS = 0) => ({
    Id,
    JobRunState,
    StartedOn: NOW_S - agoS,
    ...(runId && { Arguments: { '--run-id': runId } }),
  })
  async function found(...pages: Answer[]) {
    await using stub = await startStub((_, index) => pages[index] ?? failure('NoSuchPage'))
    const runs = await createGlueJobRuns(createGlueClient(stub.overrides)).of('spark', 'e1-1-0', (NOW_S - 3600) * 1000)
    return { runs, requests: stub.requests.map((request) => request.json()) }
  }

  test('are found by the argument, on every page back to the claim', async () => {
    const { runs, requests } = await found(
      { body: { JobRuns: [jobRun('a', 'RUNNING', 'e2-1-0'), jobRun('b', 'STOPPING', 'e1-1-0')], NextToken: 'n' } },
      { body: { JobRuns: [jobRun('c', 'TIMEOUT', 'e1-1-0', 3000), jobRun('d', 'FAILED', undefined, 3500)] } },
    )
    expect(runs).toEqual([
      { id: 'b', state: 'STOPPING', over: false },
      { id: 'c', state: 'TIMEOUT', over: true },
    ])
    expect(requests).toEqual([
      { JobName: 'spark', MaxResults: 200 },
      { JobName: 'spark', MaxResults: 200, NextToken: 'n' },
    ])
  })

  test('are looked for no further than the claim, but for clocks that differ', async () => {
    const { runs, requests } = await found({
      body: { JobRuns: [jobRun('a', 'SUCCEEDED', 'e1-1-0', 3630), jobRun('b', 'FAILED', 'x', 3700)], NextToken: 'n' },
    })
    expect(runs.map((run) => run.id)).toEqual(['a'])
    expect(requests).toHaveLength(1)
  })

  test.each(['SUCCEEDED', 'FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED'])('%s is over', async (state) => {
    expect((await found({ body: { JobRuns: [jobRun('a', state, 'e1-1-0')] } })).runs[0]?.over).toBe(true)
  })

  test.each(['STARTING', 'RUNNING', 'STOPPING', 'WAITING', 'A_STATE_OF_2030'])('%s is not', async (state) => {
    expect((await found({ body: { JobRuns: [jobRun('a', state, 'e1-1-0')] } })).runs[0]?.over).toBe(false)
  })

  test('are none of a job that is gone, which proves nothing; no answer and no right are errors', async () => {
    expect((await found(failure('EntityNotFoundException'))).runs).toEqual([])
    await expect(found(failure('AccessDeniedException'))).rejects.toMatchObject({ code: 'TG5110' })
  })
})

describe('whether an execution started a job', () => {
  const glue = { resourceType: 'glue', resource: 'startJobRun.sync' }
  const scheduled = { type: 'TaskScheduled', taskScheduledEventDetails: { ...glue, parameters: '{}', region: 'r' } }
  const lambda = {
    type: 'TaskScheduled',
    taskScheduledEventDetails: { resourceType: 'lambda', resource: 'invoke', parameters: '{}', region: 'r' },
  }
  const refused = (error: string) => ({ type: 'TaskSubmitFailed', taskSubmitFailedEventDetails: { ...glue, error } })
  const began = { type: 'ExecutionStarted' }
  const aborted = { type: 'ExecutionAborted' }
  const redriven = { type: 'ExecutionRedriven' }
  const numbered = (events: object[], from = 1) =>
    events.map((event, index) => ({ id: from + index, timestamp: 1, ...event }))

  async function started(events: object[], endings = 1) {
    await using stub = await startStub((_, index) =>
      index === 0 ? { body: { events: events.slice(0, 2), nextToken: 'more' } } : { body: { events: events.slice(2) } },
    )
    return await createSfnExecutions(createSfnClient(stub.overrides)).jobStart('arn:a', endings)
  }

  test.each([
    ['it called functions only', [began, lambda, aborted], 1, 'never'],
    ['it tried to', [began, lambda, scheduled, aborted], 1, 'maybe'],
    [
      'Glue refused it',
      [began, scheduled, refused('Glue.ConcurrentRunsExceededException'), lambda, aborted],
      1,
      'never',
    ],
    ['nobody answered', [began, scheduled, refused('Glue.SdkClientException'), aborted], 1, 'maybe'],
    ['its end is not in the history yet', [began, lambda], 1, 'maybe'],
    ['it was redriven, and came to no job', [began, lambda, aborted, redriven, lambda, aborted], 2, 'never'],
    ['it was redriven, and that is not in the history yet', [began, lambda, aborted], 2, 'maybe'],
  ] as const)('%s', async (_, events, endings, answer) => {
    expect(await started(numbered([...events]), endings)).toBe(answer)
  })

  test('is not told by a history with a gap', async () => {
    expect(await started([...numbered([began, lambda]), ...numbered([aborted], 4)])).toBe('maybe')
  })

  test('can’t be told of an execution that is gone, and is an error while nobody answers', async () => {
    const answered = async (answer: Answer) => {
      await using stub = await startStub(() => answer)
      return await createSfnExecutions(createSfnClient(stub.overrides)).jobStart('arn:a', 1)
    }
    expect(await answered(failure('ExecutionDoesNotExist'))).toBe('maybe')
    await expect(answered('lost')).rejects.toMatchObject({ code: 'TG5111', certainty: 'transient' })
  })
})
