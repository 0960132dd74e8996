/** JSONata as the developer guide describes it for Step Functions. */
import { describe, expect, it } from 'vitest'
import { outputOf, START_MS, world } from './world.ts'

const value = async (expression: string, input: never | object = {}) =>
  outputOf(world(), { A: { Type: 'Pass', Output: `{% ${expression} %}`, End: true } }, input as never)

describe('the functions that Step Functions adds', () => {
  it.each([
    ['$partition([1, 2, 3, 4, 5], 2)', [[1, 2], [3, 4], [5]]],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ["$hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ["$hash('', 'SHA-256')", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['$parse(\'{"a": [1, null]}\')', { a: [1, null] }],
    ['$random(7) = $random(7) and $random(7) < 1', true],
    ['$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4/).index', 0],
  ])('%s', async (expression, expected) => expect(await value(expression)).toEqual(expected))
})

describe('an expression fails its state with States.QueryEvaluationError', () => {
  it.each([
    ['when it gives nothing', '$states.input.nowhere', /returned nothing/],
    ['when it throws', "$number('x')", /threw an error during evaluation/],
    ['when it gives a function', 'function($x) { $x }', /returned a function/],
    ['when $parse meets no JSON', "$parse('{')", /threw an error/],
    ['when it never ends', '($f := function($n) { 1 + $f($n + 1) }; $f(0))', /threw an error/],
  ])('%s', async (_when, expression, cause) => {
    await expect(value(expression)).rejects.toThrow(cause)
    await expect(value(expression)).rejects.toThrow(/^FAILED States\.QueryEvaluationError: The JSONata expression/)
  })
})

describe('what expressions see', () => {
  it('the context object has the execution, the state and the machine', async () => {
    const at = world()
    expect(await outputOf(at, { A: { Type: 'Pass', Output: '{% $states.context %}', End: true } }, { a: 1 })).toEqual({
      Execution: {
        Id: expect.stringMatching(/^arn:aws:states:us-east-1:000000000000:execution:machine:/),
        Input: { a: 1 },
        Name: expect.any(String),
        RoleArn: 'arn:aws:iam::000000000000:role/machine',
        StartTime: new Date(START_MS).toISOString(),
        RedriveCount: 0,
      },
      State: { EnteredTime: new Date(START_MS).toISOString(), Name: 'A', RetryCount: 0 },
      StateMachine: { Id: 'arn:aws:states:us-east-1:000000000000:stateMachine:machine', Name: 'machine' },
    })
  })

  it('a list of one element stays a list, an empty list stays empty, null stays null', async () => {
    expect(await value('$states.input', { one: [1], none: [], nil: null })).toEqual({ one: [1], none: [], nil: null })
    expect(await value('$states.input.one', { one: ['a'] })).toEqual(['a'])
    expect(await value('$states.input.nil', { nil: null })).toBe(null)
  })

  it('an expression may stand anywhere inside objects and lists; other strings are themselves', async () => {
    const output = { a: ['{% 1 + 1 %}', 'text', { b: '{% $states.input.x %}' }], c: null, d: 3, e: true }
    expect(await outputOf(world(), { A: { Type: 'Pass', Output: output, End: true } }, { x: 'y' })).toEqual({
      a: [2, 'text', { b: 'y' }],
      c: null,
      d: 3,
      e: true,
    })
  })
})
