import { expect, test } from 'vitest'
import { createLambdaClient, createSfnClient, createSqsClient } from '../../../shared/aws/clients.ts'
import { createRedelivery } from '../../../shared/aws/redelivery.ts'
import { createSqsDeadLetterQueue } from '../../../shared/aws/sqs-dead-letters.ts'
import { type Answer, failure, type StubRequest, startStub } from './stub-service.ts'

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:m'
const arn = 'arn:aws:sqs:us-east-1:000000000000:dlq'

/** Runs `work` against a service that answers by operation; queue attributes are always there. */
async function against<T>(
  answer: (request: StubRequest, index: number) => Answer,
  work: (redelivery: ReturnType<typeof createRedelivery>) => Promise<T>,
): Promise<{ value: T; requests: StubRequest[] }> {
  await using stub = await startStub((request, index) =>
    request.operation === 'GetQueueAttributes' ? { body: { Attributes: { QueueArn: arn } } } : answer(request, index),
  )
  const redelivery = createRedelivery(
    {
      sqs: createSqsClient(stub.overrides),
      sfn: createSfnClient(stub.overrides),
      lambda: createLambdaClient(stub.overrides),
      landingQueueUrl: `${stub.overrides.endpoint}/000000000000/landing`,
      stateMachineArn: machine,
      reconcileFunction: 'tidegate-dev-reconcile',
      queueUrls: { FileManager: `${stub.overrides.endpoint}/000000000000/dlq` },
    },
    async () => {},
  )
  return { value: await work(redelivery), requests: stub.requests }
}

test('a whole queue is moved by SQS itself, and awaited', async () => {
  let looks = 0
  const { value, requests } = await against(
    ({ operation }) => {
      if (operation === 'StartMessageMoveTask') return { body: { TaskHandle: 'h' } }
      looks += 1
      const Status = looks < 3 ? 'RUNNING' : 'COMPLETED'
      return { body: { Results: [{ Status, ApproximateNumberOfMessagesMoved: looks * 100 }] } }
    },
    (redelivery) => redelivery.moveAll('FileManager'),
  )
  expect(value).toBe(300)
  // No destination: each goes back to the queue that it came from.
  expect(requests.find(({ operation }) => operation === 'StartMessageMoveTask')?.json()).toEqual({ SourceArn: arn })
})

test.each(['UnsupportedOperation', 'InvalidParameterValue', 'InvalidAction'])(
  'a queue that SQS can’t move (%s) is left to be replayed one by one',
  async (type) => {
    const { value } = await against(
      () => failure(type),
      (redelivery) => redelivery.moveAll('FileManager'),
    )
    expect(value).toBeUndefined()
  },
)

test('a move that fails says so, with what was moved', async () => {
  const task = {
    Status: 'FAILED',
    FailureReason: 'CouldNotDetermineMessageSource',
    ApproximateNumberOfMessagesMoved: 7,
  }
  const failing = against(
    ({ operation }) => ({ body: operation === 'StartMessageMoveTask' ? { TaskHandle: 'h' } : { Results: [task] } }),
    (redelivery) => redelivery.moveAll('FileManager'),
  )
  await expect(failing).rejects.toMatchObject({ code: 'TG5622', certainty: 'unknown' })
  await expect(failing).rejects.toThrow('`CouldNotDetermineMessageSource` after 7 letters')
})

test('a move that may not be done is an error, not a reason to do it another way', async () => {
  const failing = against(
    () => failure('AccessDeniedException', {}, 403),
    (redelivery) => redelivery.moveAll('FileManager'),
  )
  await expect(failing).rejects.toMatchObject({ code: 'TG5110' })
})

test('a start goes to our machine under its own name, and one that exists already is done', async () => {
  const start = { name: 'e1', input: '{"refresh_cadence":"nightly"}' }
  const { requests } = await against(
    () => failure('ExecutionAlreadyExists'),
    (redelivery) => redelivery.start(start),
  )
  expect(requests.at(-1)?.json()).toEqual({ stateMachineArn: machine, ...start })
})

test('the reconciler is invoked without waiting for it', async () => {
  const { requests } = await against(
    () => ({ status: 202 }),
    (redelivery) => redelivery.reconcile(),
  )
  expect(requests.at(-1)).toMatchObject({ method: 'POST', body: '{}' })
  expect(requests.at(-1)?.headers['x-amz-invocation-type']).toBe('Event')
  expect(requests.at(-1)?.url).toContain('tidegate-dev-reconcile')
})

test('a letter that somebody else received since is left alone', async () => {
  await using stub = await startStub(() => failure('ReceiptHandleIsInvalid'))
  const queue = createSqsDeadLetterQueue(
    createSqsClient(stub.overrides),
    'FileManager',
    `${stub.overrides.endpoint}/0/dlq`,
  )
  const letter = { id: 'm', queue: 'FileManager', body: '', sent_ms: 0, receives: 1, attributes: {}, receipt: 'old' }
  await expect(queue.remove(letter)).resolves.toBeUndefined()
})
