/** What the simple states do, by the States Language and the developer guide. */
import { describe, expect, it } from 'vitest'
import { HISTORY_LIMIT } from '../../../../local/step-functions/history.ts'
import { definitionOf, outputOf, run, world } from './world.ts'

const end = (output: unknown) => ({ Type: 'Pass', Output: output, End: true })

describe('Assign', () => {
  it('takes effect all at once, after the state: expressions beside it see the old values', async () => {
    const states = {
      A: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% [$x, $y] %}', Next: 'C' },
      C: end("{% {'before': $states.input, 'after': [$x, $y]} %}"),
    }
    expect(await outputOf(world(), states)).toEqual({ before: [1, 2], after: [2, 1] })
  })

  it('of a Choice rule applies only when the rule is taken', async () => {
    const states = {
      A: { Type: 'Pass', Assign: { x: 'old' }, Next: 'B' },
      B: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $states.input.n > 1 %}', Assign: { x: 'new' }, Next: 'C' }],
        Default: 'C',
      },
      C: end('{% $x %}'),
    }
    expect(await outputOf(world(), states, { n: 2 })).toBe('new')
    expect(await outputOf(world(), states, { n: 1 })).toBe('old')
  })
})

describe('Choice', () => {
  const choice = (condition: string) => ({
    A: {
      Type: 'Choice',
      Choices: [
        { Condition: condition, Next: 'B' },
        { Condition: '{% true %}', Next: 'C' },
      ],
      Default: 'D',
    },
    B: end('first'),
    C: end('second'),
    D: end('default'),
  })

  it('takes the first rule that is true', async () => {
    expect(await outputOf(world(), choice('{% true %}'))).toBe('first')
    expect(await outputOf(world(), choice('{% false %}'))).toBe('second')
  })

  it('fails on a condition that is no boolean', async () => {
    await expect(outputOf(world(), choice("{% 'yes' %}"))).rejects.toThrow(
      /States\.QueryEvaluationError: .*must be a boolean/,
    )
  })
})

describe('Wait, Pass, Succeed and Fail', () => {
  it('Wait lets the time pass that it says', async () => {
    const at = world()
    await outputOf(
      at,
      { A: { Type: 'Wait', Seconds: '{% $states.input.s %}', Next: 'B' }, B: { Type: 'Succeed' } },
      { s: 90 },
    )
    expect(at.clock.elapsed).toBe(90_000)
  })

  it('without Output the input goes on', async () => {
    expect(await outputOf(world(), { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Succeed' } }, { a: 1 })).toEqual({
      a: 1,
    })
  })

  it('Fail ends the execution with its error and cause, which may be computed', async () => {
    const ended = await run(
      world(),
      definitionOf({ A: { Type: 'Fail', Error: 'Mine', Cause: "{% 'n=' & $string($states.input.n) %}" } }),
      { n: 3 },
    )
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Mine', cause: 'n=3' })
    expect(ended.output).toBeUndefined()
  })
})

describe('limits', () => {
  it('an output over 256 KiB fails with States.DataLimitExceeded, one of exactly that size does not', async () => {
    const states = { A: end("{% $pad('', $states.input.n, 'x') %}") }
    expect(await outputOf(world(), states, { n: 262_142 })).toHaveLength(262_142)
    await expect(outputOf(world(), states, { n: 262_143 })).rejects.toThrow(/States\.DataLimitExceeded/)
    await expect(outputOf(world(), { A: end("{% $pad('', 131072, 'é') %}") })).rejects.toThrow(/`262146` bytes/)
  })

  it('a history has at most 25,000 events, the last of which says why', async () => {
    const loop = {
      A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }], Default: 'A' },
      B: { Type: 'Succeed' },
    }
    const at = world()
    const ended = await run(at, definitionOf(loop))
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: expect.stringContaining('25000') })
    const events = at.engine.store.events(ended.arn)
    expect(events).toHaveLength(HISTORY_LIMIT)
    expect(events.at(-1)).toMatchObject({ id: 25_000, type: 'ExecutionFailed' })
  })
})
