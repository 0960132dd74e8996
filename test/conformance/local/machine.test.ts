/** The interpreter is wired to real functions, real job runs and real objects, on the one port. */
import { CreateJobCommand } from '@aws-sdk/client-glue'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateStateMachineCommand, DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn'
import { expect, test } from 'vitest'
import { account, createFunction, region, sharedCloud, until } from './harness.ts'

const cloud = sharedCloud({ driverMemory: '1g' })

const definition = {
  QueryLanguage: 'JSONata',
  StartAt: 'Greet',
  States: {
    Greet: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: {
        FunctionName: `arn:aws:lambda:${region}:${account}:function:greet`,
        Payload: { name: '{% $states.input.name %}' },
      },
      Output: '{% $states.result.Payload %}',
      Catch: [{ ErrorEquals: ['NoName'], Output: '{% $states.errorOutput %}', Next: 'Refused' }],
      Next: 'Job',
    },
    Job: {
      Type: 'Task',
      Resource: 'arn:aws:states:::glue:startJobRun.sync',
      Arguments: { JobName: '{% $states.input.job %}', Arguments: { '--plan': 's3://any/plan.json' } },
      Output: { state: '{% $states.result.JobRunState %}', id: '{% $states.result.Id %}' },
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'JobFailed' }],
      End: true,
    },
    Refused: { Type: 'Pass', Output: { refused: '{% $parse($states.input.Cause).errorMessage %}' }, End: true },
    JobFailed: {
      Type: 'Pass',
      Output: { error: '{% $states.input.Error %}', cause: '{% $states.input.Cause %}' },
      End: true,
    },
  },
}

const greet = `class NoName extends Error { name = 'NoName' }
export const handler = async ({ name }) => { if (!name) throw new NoName('who?'); return { job: name } }`

async function outputOf(name: string, input: unknown): Promise<Record<string, string>> {
  const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:wired`
  const { executionArn } = await cloud.sfn.send(
    new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
  )
  const ended = await until(async () => {
    const execution = await cloud.sfn.send(new DescribeExecutionCommand({ executionArn }))
    return execution.status !== 'RUNNING' && execution
  }, 40_000)
  expect(ended.status, ended.cause).toBe('SUCCEEDED')
  return JSON.parse(ended.output ?? '')
}

test('a function answers, its error is caught by name, and a job run that fails is a failed task', async () => {
  await createFunction(cloud, 'greet', greet)
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'jobs' }))
  await cloud.s3.send(new PutObjectCommand({ Bucket: 'jobs', Key: 'good.py', Body: 'print(1)' }))
  for (const name of ['good', 'bad'])
    await cloud.glue.send(
      new CreateJobCommand({
        Name: name,
        Role: 'any',
        Command: { Name: 'glueetl', ScriptLocation: `s3://jobs/${name}.py` },
      }),
    )
  const roleArn = `arn:aws:iam::${account}:role/any`
  await cloud.sfn.send(
    new CreateStateMachineCommand({ name: 'wired', roleArn, definition: JSON.stringify(definition) }),
  )

  expect(await outputOf('refused', { name: '' })).toEqual({ refused: 'who?' })
  expect(await outputOf('good', { name: 'good' })).toEqual({ state: 'SUCCEEDED', id: expect.stringMatching(/^jr_/) })
  const failed = await outputOf('bad', { name: 'bad' })
  expect(failed.error).toBe('States.TaskFailed')
  expect(JSON.parse(failed.cause ?? '')).toMatchObject({
    JobRunState: 'FAILED',
    ErrorMessage: expect.stringContaining('s3://jobs/bad.py'),
  })
  expect(await outputOf('absent', { name: 'absent' })).toMatchObject({ error: 'Glue.EntityNotFoundException' })
})
