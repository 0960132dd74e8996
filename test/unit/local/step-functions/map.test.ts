/** The distributed Map: items from S3, children as executions of their own, tolerated failures, how many at once. */
import { describe, expect, it } from 'vitest'
import type { Json, StepFunctionsPorts } from '../../../../local/step-functions/ports.ts'
import { definitionOf, deploy, functionFailed, ok, outputOf, run, type World, world } from './world.ts'

const work = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: {
    FunctionName: 'work',
    Payload: {
      item: '{% $states.input %}',
      id: '{% $states.context.Execution.Id %}',
      name: '{% $states.context.Execution.Name %}',
    },
  },
  Output: {},
  End: true,
}
const map = (more: object = {}, child: object = work) => ({
  Each: {
    Type: 'Map',
    Label: 'Each',
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig: { InputType: 'JSON' },
      Arguments: { Bucket: '{% $states.input.bucket %}', Key: 'manifest.json' },
    },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Work',
      States: { Work: child },
    },
    Output: 'done',
    End: true,
    ...more,
  },
})
const items = (...list: Json[]) => ({ readObject: async () => JSON.stringify(list) })

/** A function that takes a second, and knows how many run at once. */
function workers(fail: (item: Json) => boolean = () => false) {
  const seen = { payloads: [] as { item: Json; id: string; name: string }[], most: 0 }
  let active = 0
  let at: World
  const ports: Partial<StepFunctionsPorts> = {
    invokeLambda: async (_name, payload, signal) => {
      const call = payload as { item: Json; id: string; name: string }
      seen.payloads.push(call)
      active += 1
      seen.most = Math.max(seen.most, active)
      await at.clock.sleep(1_000, signal).finally(() => {
        active -= 1
      })
      return fail(call.item) ? functionFailed('Broken', String(call.item)) : ok(null)
    },
  }
  return { seen, world: (more: Partial<StepFunctionsPorts>) => (at = world({ ...ports, ...more })) }
}

const statuses = (at: World) => [...at.engine.store.mapRuns.values()].map(({ status }) => status)
const childrenOf = (at: World) => [...at.engine.store.executions.values()].filter((one) => one.mapRunArn !== undefined)

describe('items', () => {
  it('come from the object that the reader names, in order, each in a child execution of its own', async () => {
    const { seen, world } = workers()
    const reads: string[] = []
    const at = world({
      readObject: async (bucket, key) => {
        reads.push(`${bucket}/${key}`)
        return '["a","b","c"]'
      },
    })
    expect(await outputOf(at, map(), { bucket: 'control' })).toBe('done')
    expect(reads).toEqual(['control/manifest.json'])
    expect(seen.payloads.map(({ item }) => item)).toEqual(['a', 'b', 'c'])
    for (const { id, name } of seen.payloads) {
      expect(id).toBe(`arn:aws:states:us-east-1:000000000000:execution:machine/Each:${name}`)
      expect(at.engine.store.executions.get(id)).toMatchObject({
        status: 'SUCCEEDED',
        machineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:machine/Each',
        mapRunArn: expect.stringMatching(/^arn:aws:states:us-east-1:000000000000:mapRun:machine\/Each:/),
      })
    }
  })

  it('go through the ItemSelector, which sees the item, its index, the input and the parent', async () => {
    const { seen, world } = workers()
    const ItemSelector = {
      index: '{% $states.context.Map.Item.Index %}',
      value: '{% $states.context.Map.Item.Value %}',
      bucket: '{% $states.input.bucket %}',
      parent: '{% $states.context.Execution.Name %}',
    }
    const at = world(items('a', ['b']))
    expect(await run(at, definitionOf(map({ ItemSelector })), { bucket: 'control' }, 'tuesday')).toMatchObject({
      status: 'SUCCEEDED',
    })
    expect(seen.payloads.map(({ item }) => item)).toEqual([
      { index: 0, value: 'a', bucket: 'control', parent: 'tuesday' },
      { index: 1, value: ['b'], bucket: 'control', parent: 'tuesday' },
    ])
  })

  it('may be none', async () => {
    expect(await outputOf(workers().world(items()), map(), { bucket: 'b' })).toBe('done')
  })

  it.each([
    ['no such object', async () => Promise.reject(new Error('NoSuchKey'))],
    ['no JSON', async () => '{'],
    ['no array', async () => '{"a":1}'],
  ])('that cannot be read (%s) fail the Map with States.ItemReaderFailed', async (_what, readObject) => {
    const ended = await run(world({ readObject }), definitionOf(map()), { bucket: 'b' })
    expect(ended).toMatchObject({
      status: 'FAILED',
      error: 'States.ItemReaderFailed',
      cause: expect.stringContaining('s3://b/manifest.json'),
    })
  })
})

describe('how many at once', () => {
  it.each([
    ['all, when it is not said', {}, 6],
    ['all, at 0', { MaxConcurrency: 0 }, 6],
    ['a number', { MaxConcurrency: 2 }, 2],
    ['an expression', { MaxConcurrency: '{% $states.input.at_once %}' }, 3],
  ])('%s', async (_what, more, most) => {
    const { seen, world } = workers()
    const at = world(items(1, 2, 3, 4, 5, 6))
    await outputOf(at, map(more), { bucket: 'b', at_once: 3 })
    expect(seen.most).toBe(most)
    expect(at.clock.elapsed).toBe((6 / most) * 1_000)
  })
})

describe('failures', () => {
  it('are not tolerated unless it is said: the Map fails, what runs is stopped, the rest never starts', async () => {
    const { seen, world } = workers((item) => item === 1)
    const at = world(items(1, 2, 3, 4))
    const ended = await run(at, definitionOf(map({ MaxConcurrency: 2 })), { bucket: 'b' })
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' })
    expect(seen.payloads).toHaveLength(2)
    expect(statuses(at)).toEqual(['FAILED'])
    expect(childrenOf(at).map(({ status }) => status)).not.toContain('RUNNING')
  })

  it('up to the tolerated percentage do not stop the others', async () => {
    const { world } = workers((item) => Number(item) <= 2)
    const at = world(items(1, 2, 3, 4))
    expect(await outputOf(at, map({ ToleratedFailurePercentage: 50 }), { bucket: 'b' })).toBe('done')
    expect(childrenOf(at).map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'SUCCEEDED', 'SUCCEEDED'])
    const more = workers((item) => Number(item) <= 3)
    const failed = await run(more.world(items(1, 2, 3, 4)), definitionOf(map({ ToleratedFailurePercentage: 50 })), {
      bucket: 'b',
    })
    expect(failed.error).toBe('States.ExceedToleratedFailureThreshold')
  })

  it('of all are tolerated at 100', async () => {
    const { world } = workers(() => true)
    expect(await outputOf(world(items(1, 2)), map({ ToleratedFailurePercentage: 100 }), { bucket: 'b' })).toBe('done')
  })

  it('what the children return must stay under 256 KiB together', async () => {
    const child = { Type: 'Pass', Output: "{% $pad('', 100000, 'x') %}", End: true }
    expect(await outputOf(world(items(1, 2)), map({}, child), { bucket: 'b' })).toBe('done')
    expect(await run(world(items(1, 2, 3)), definitionOf(map({}, child)), { bucket: 'b' })).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    })
  })
})

describe('stopping', () => {
  const hanging = () => world({ ...items(1, 2, 3), invokeLambda: () => new Promise<never>(() => undefined) })
  const begin = async (at: World) => {
    const { arn } = at.engine.start(
      deploy(at.engine, definitionOf(map({ MaxConcurrency: 2, ToleratedFailurePercentage: 100 }))),
      'x',
      '{"bucket":"b"}',
    )
    await expect.poll(() => childrenOf(at).length).toBe(2)
    return arn
  }

  it('the parent stops its children and its map run', async () => {
    const at = hanging()
    const arn = await begin(at)
    await at.engine.stop(arn, 'Operator', 'enough')
    expect(childrenOf(at).map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED'])
    expect(statuses(at)).toEqual(['ABORTED'])
    expect(at.engine.store.executions.get(arn)).toMatchObject({ status: 'ABORTED', error: 'Operator', cause: 'enough' })
    expect(
      at.engine.store
        .events(arn)
        .slice(-2)
        .map(({ type }) => type),
    ).toEqual(['MapRunAborted', 'ExecutionAborted'])
  })

  it('one child leaves the others alone, and its place is taken by the next', async () => {
    const at = hanging()
    const arn = await begin(at)
    await at.engine.stop(childrenOf(at)[0]?.arn as string)
    await expect.poll(() => childrenOf(at).map(({ status }) => status)).toEqual(['ABORTED', 'RUNNING', 'RUNNING'])
    await at.engine.stop(arn)
  })
})
