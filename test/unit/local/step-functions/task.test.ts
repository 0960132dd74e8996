/** The Task state: results, errors by name, Retry, Catch, time-outs, and a Glue job until it ended. */
import { describe, expect, it } from 'vitest'
import type { JobRun, Json, LambdaReply } from '../../../../local/step-functions/ports.ts'
import { definitionOf, deploy, functionFailed, ok, outputOf, run, serviceException, world } from './world.ts'

const call = (more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'greet', Payload: '{% $states.input %}' },
  End: true,
  ...more,
})
const retry = (more: object) => ({ Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], ...more }] })
const told = { Type: 'Pass', End: true }

/** A function that does these things one after the other, then keeps doing the last. */
function lambda(...replies: (LambdaReply | Error)[]) {
  const calls: Json[] = []
  return {
    calls,
    invokeLambda: async (name: string, payload: Json) => {
      calls.push([name, payload])
      const reply = replies[Math.min(calls.length, replies.length) - 1] as LambdaReply | Error
      if (reply instanceof Error) throw reply
      return reply
    },
  }
}

describe('a function', () => {
  it('gets the payload and gives its response with the metadata that AWS adds', async () => {
    const greet = lambda(ok({ hello: 'you' }))
    expect(await outputOf(world(greet), { A: call() }, { name: 'you' })).toEqual({
      ExecutedVersion: '$LATEST',
      Payload: { hello: 'you' },
      StatusCode: 200,
    })
    expect(greet.calls).toEqual([['greet', { name: 'you' }]])
  })

  it.each<[string, LambdaReply | Error, string, string | RegExp]>([
    [
      'its own error type',
      functionFailed('OutOfCheese', 'no brie'),
      'OutOfCheese',
      '{"errorType":"OutOfCheese","errorMessage":"no brie"}',
    ],
    [
      'a time-out',
      functionFailed('Sandbox.Timedout', 'Task timed out after 3.00 seconds'),
      'Sandbox.Timedout',
      /timed out/,
    ],
    [
      'an error without a type',
      { statusCode: 200, functionError: 'Unhandled', payload: null },
      'Lambda.Unknown',
      'null',
    ],
    [
      'throttling',
      serviceException('TooManyRequestsException', 'Rate exceeded', 429),
      'Lambda.TooManyRequestsException',
      /Status Code: 429/,
    ],
    ['an internal error', serviceException('ServiceException', 'oh', 500), 'Lambda.ServiceException', /oh/],
    [
      'nobody answering',
      Object.assign(new Error('connect ECONNREFUSED'), { name: 'Error' }),
      'Lambda.SdkClientException',
      /ECONNREFUSED/,
    ],
  ])('that fails with %s names the error as AWS does', async (_what, reply, error, cause) => {
    const ended = await run(world(lambda(reply)), definitionOf({ A: call() }))
    expect(ended).toMatchObject({ status: 'FAILED', error })
    expect(ended.cause).toMatch(cause)
  })

  it('that returns more than 256 KiB fails its state, and States.ALL does not catch that', async () => {
    const big = lambda(ok('x'.repeat(300_000)))
    const caught = { Retry: [{ ErrorEquals: ['States.ALL'] }], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }
    const ended = await run(world(big), definitionOf({ A: call(caught), B: told }))
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' })
    expect(big.calls).toHaveLength(1)
  })
})

describe('Retry', () => {
  const throttled = serviceException('TooManyRequestsException', 'Rate exceeded', 429)

  it('by default tries three times more, after 1, 2 and 4 seconds', async () => {
    const busy = lambda(throttled)
    const at = world(busy)
    expect(await run(at, definitionOf({ A: call(retry({})) }))).toMatchObject({
      error: 'Lambda.TooManyRequestsException',
    })
    expect(busy.calls).toHaveLength(4)
    expect(at.clock.elapsed).toBe(7_000)
  })

  it('ends with the first success, and says in the context which try it was', async () => {
    const busy = lambda(throttled, throttled, ok(1))
    const output = { Output: '{% [$states.result.Payload, $states.context.State.RetryCount] %}' }
    expect(await outputOf(world(busy), { A: call({ ...retry({}), ...output }) })).toEqual([1, 2])
  })

  it('MaxDelaySeconds caps the delay, and the jitter is drawn after that', async () => {
    const grown = { IntervalSeconds: 2, BackoffRate: 10, MaxAttempts: 4, MaxDelaySeconds: 5 }
    const capped = world(lambda(throttled))
    await run(capped, definitionOf({ A: call(retry(grown)) }))
    expect(capped.clock.elapsed).toBe(17_000) // 2 + 5 + 5 + 5
    const jittered = world({ ...lambda(throttled), random: () => 0.25 })
    await run(jittered, definitionOf({ A: call(retry({ ...grown, JitterStrategy: 'FULL' })) }))
    expect(jittered.clock.elapsed).toBe(4_250)
  })

  it('counts each retrier by itself and never tries again at MaxAttempts 0', async () => {
    const first = { ErrorEquals: ['First'], MaxAttempts: 1 }
    const second = { ErrorEquals: ['Second'], MaxAttempts: 1 }
    const both = lambda(functionFailed('First', ''), functionFailed('Second', ''), functionFailed('First', ''))
    expect(await run(world(both), definitionOf({ A: call({ Retry: [first, second] }) }))).toMatchObject({
      error: 'First',
    })
    expect(both.calls).toHaveLength(3)
    const never = lambda(throttled)
    await run(world(never), definitionOf({ A: call(retry({ MaxAttempts: 0 })) }))
    expect(never.calls).toHaveLength(1)
  })

  it('leaves other errors alone', async () => {
    const other = lambda(functionFailed('OutOfCheese', ''))
    await run(world(other), definitionOf({ A: call(retry({})) }))
    expect(other.calls).toHaveLength(1)
  })
})

describe('Catch', () => {
  const caughtBy = (...names: string[]) => ({ Catch: [{ ErrorEquals: names, Next: 'B' }] })

  it('goes on with the error as output; Assign and Output see $states.errorOutput', async () => {
    const states = {
      A: call({
        Catch: [
          {
            ErrorEquals: ['States.ALL'],
            Assign: { e: '{% $states.errorOutput.Error %}' },
            Output: '{% $states.errorOutput %}',
            Next: 'B',
          },
        ],
      }),
      B: { Type: 'Pass', Output: '{% [$e, $states.input] %}', End: true },
    }
    const failed = lambda(functionFailed('OutOfCheese', 'no brie'))
    expect(await outputOf(world(failed), states)).toEqual([
      'OutOfCheese',
      { Error: 'OutOfCheese', Cause: '{"errorType":"OutOfCheese","errorMessage":"no brie"}' },
    ])
  })

  it('comes after Retry is used up', async () => {
    const busy = lambda(serviceException('TooManyRequestsException', 'Rate exceeded', 429))
    const states = { A: call({ ...retry({ MaxAttempts: 2 }), ...caughtBy('States.ALL') }), B: told }
    expect(await outputOf(world(busy), states)).toMatchObject({ Error: 'Lambda.TooManyRequestsException' })
    expect(busy.calls).toHaveLength(3)
  })

  it('States.TaskFailed matches any error but a time-out', async () => {
    const states = { A: call({ TimeoutSeconds: 5, ...caughtBy('States.TaskFailed') }), B: told }
    expect(await outputOf(world(lambda(functionFailed('X', ''))), states)).toMatchObject({ Error: 'X' })
    const hangs = { invokeLambda: () => new Promise<never>(() => undefined) }
    expect(await run(world(hangs), definitionOf(states))).toMatchObject({ status: 'FAILED', error: 'States.Timeout' })
  })

  it('catches an expression of the state that cannot be evaluated', async () => {
    const states = {
      A: call({ Output: '{% $states.result.nowhere %}', ...caughtBy('States.QueryEvaluationError') }),
      B: told,
    }
    expect(await outputOf(world(lambda(ok(1))), states)).toMatchObject({ Error: 'States.QueryEvaluationError' })
  })
})

describe('TimeoutSeconds', () => {
  it('ends the task, retries it, and leaves no timer behind', async () => {
    let calls = 0
    const at = world({
      invokeLambda: () => {
        calls += 1
        return calls === 1 ? new Promise<never>(() => undefined) : Promise.resolve(ok('late'))
      },
    })
    const states = {
      A: call({
        TimeoutSeconds: 30,
        Retry: [{ ErrorEquals: ['States.Timeout'] }],
        Output: '{% $states.result.Payload %}',
      }),
    }
    expect(await outputOf(at, states)).toBe('late')
    expect(at.clock.elapsed).toBe(31_000)
    expect(at.clock.sleepers).toBe(0)
  })
})

describe('glue:startJobRun.sync', () => {
  const job = (more: object = {}) => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::glue:startJobRun.sync',
    Arguments: { JobName: 'merge', Arguments: { '--plan': 's3://p' } },
    End: true,
    ...more,
  })
  /** A job that goes through these states, one a look. */
  function glue(...states: (string | Error)[]) {
    const seen = { started: [] as Json[], looks: 0, stopped: [] as string[] }
    return {
      ...seen,
      seen,
      startJobRun: async (request: Json) => {
        seen.started.push(request)
        return 'jr_1'
      },
      getJobRun: async (): Promise<JobRun> => {
        seen.looks += 1
        const state = states[Math.min(seen.looks, states.length) - 1] as string | Error
        if (state instanceof Error) throw state
        return { Id: 'jr_1', JobName: 'merge', JobRunState: state, ErrorMessage: 'exit code 1' }
      },
      stopJobRun: async (_name: string, id: string) => {
        seen.stopped.push(id)
      },
    }
  }

  it('waits through every state on the way and gives the job run', async () => {
    const done = glue('WAITING', 'STARTING', 'RUNNING', 'STOPPING', 'SUCCEEDED')
    const at = world(done)
    expect(await outputOf(at, { A: job() })).toMatchObject({ Id: 'jr_1', JobRunState: 'SUCCEEDED' })
    expect(done.seen).toMatchObject({ started: [{ JobName: 'merge', Arguments: { '--plan': 's3://p' } }], looks: 5 })
    expect(at.clock.elapsed).toBe(4_000)
  })

  it.each(['FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED', 'A_STATE_OF_2030'])(
    'neither hangs nor succeeds on %s: States.TaskFailed with the job run as cause',
    async (state) => {
      const ended = await run(world(glue('RUNNING', state)), definitionOf({ A: job() }))
      expect(ended).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' })
      expect(JSON.parse(ended.cause as string)).toMatchObject({ Id: 'jr_1', JobRunState: state })
    },
  )

  it('a start that Glue refuses keeps the service error by name', async () => {
    const full = {
      ...glue(),
      startJobRun: async () =>
        Promise.reject(serviceException('ConcurrentRunsExceededException', 'Concurrent runs exceeded for merge')),
    }
    const ended = await run(world(full), definitionOf({ A: job() }))
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Glue.ConcurrentRunsExceededException' })
    expect(ended.cause).toMatch(
      /^Concurrent runs exceeded for merge \(Service: Glue; Status Code: 400; Error Code: Conc/,
    )
  })

  it('some lost polls do not end it, many in a row do', async () => {
    const lost = serviceException('ThrottlingException', 'Rate exceeded')
    expect(
      await outputOf(world(glue(lost, lost, lost, 'RUNNING', lost, lost, lost, 'SUCCEEDED')), { A: job() }),
    ).toMatchObject({
      Id: 'jr_1',
    })
    expect(await run(world(glue(lost)), definitionOf({ A: job() }))).toMatchObject({ status: 'FAILED' })
  })

  it('is stopped when its task times out, and when its execution is stopped', async () => {
    const slow = glue('RUNNING')
    expect(await run(world(slow), definitionOf({ A: job({ TimeoutSeconds: 10 }) }))).toMatchObject({
      error: 'States.Timeout',
    })
    expect(slow.seen.stopped).toEqual(['jr_1'])
    const other = glue('RUNNING')
    const at = world({ ...other, getJobRun: () => new Promise<never>(() => undefined) })
    const { arn } = at.engine.start(deploy(at.engine, definitionOf({ A: job() })), 'x', '{}')
    await expect.poll(() => other.seen.started).toHaveLength(1)
    await at.engine.stop(arn, 'Operator', 'enough')
    expect(at.engine.store.executions.get(arn)).toMatchObject({ status: 'ABORTED', error: 'Operator', cause: 'enough' })
    expect(other.seen.stopped).toEqual(['jr_1'])
  })
})
