/** What a definition is refused for before anything runs. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { loadDefinition } from '../../../../local/step-functions/load.ts'
import { definitionOf } from './world.ts'

const require = createRequire(import.meta.url)
const aslValidator: (definition: unknown) => { isValid: boolean; errorsText(): string } = require('asl-validator')

const done = { Type: 'Succeed' }
const call = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: 'f' }, End: true }
const job = { Type: 'Task', Resource: 'arn:aws:states:::glue:startJobRun.sync', Arguments: { JobName: 'j' }, End: true }
const map = {
  Type: 'Map',
  Label: 'Each',
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: { InputType: 'JSON' },
    Arguments: { Bucket: 'b', Key: 'k' },
  },
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'Child',
    States: { Child: done },
  },
  Output: {},
  End: true,
}
const pass = (output: unknown) => ({ Type: 'Pass', Output: output, End: true })
const refusal = (states: { [name: string]: unknown }) => () => loadDefinition(definitionOf(states))

describe('a definition that is loaded', () => {
  it.each([
    [
      'every state type',
      { A: { ...call, End: undefined, Next: 'B' }, B: { ...map, End: undefined, Next: 'C' }, C: done },
    ],
    ['a job', { A: job }],
    [
      'a variable that another state assigns',
      { A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' }, B: pass('{% $x %}') },
    ],
    ['local variables and lambdas', { A: pass('{% ($y := 1; $map([1, 2], function($v, $i) { $v + $y + $i })) %}') }],
  ])('%s', (_what, states) => {
    expect(loadDefinition(JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'A', States: states })).startAt).toBe('A')
  })
})

describe('a definition that is refused', () => {
  it.each<[string, { [name: string]: unknown }, RegExp]>([
    ['an unknown state type', { A: { Type: 'Parallel', Branches: [], End: true } }, /state type `Parallel`/],
    ['an unknown field', { A: { ...call, HeartbeatSeconds: 5 } }, /`States\.A\.HeartbeatSeconds`/],
    ['a JSONPath field', { A: { ...call, ResultPath: '$.x' } }, /`States\.A\.ResultPath`/],
    ['an unknown resource', { A: { ...call, Resource: 'arn:aws:states:::sqs:sendMessage' } }, /sqs:sendMessage/],
    ['a job that is not waited for', { A: { ...job, Resource: 'arn:aws:states:::glue:startJobRun' } }, /Resource/],
    [
      'an unknown argument of a function',
      { A: { ...call, Arguments: { FunctionName: 'f', InvocationType: 'Event' } } },
      /InvocationType/,
    ],
    ['an argument missing', { A: { ...job, Arguments: { WorkerType: 'G.1X' } } }, /JobName.*is missing/],
    ['a dangling Next', { A: { ...call, End: undefined, Next: 'Nowhere' } }, /goes on to `Nowhere`/],
    [
      'a dangling Default',
      { A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'B' }], Default: 'Nowhere' }, B: done },
      /goes on to `Nowhere`/,
    ],
    [
      'a dangling Catch',
      { A: { ...call, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Nowhere' }] } },
      /goes on to `Nowhere`/,
    ],
    ['an unreachable state', { A: call, B: done }, /`States\.B`: no state leads to it/],
    ['a machine that cannot end', { A: { Type: 'Pass', Next: 'A' } }, /no state ends/],
    ['neither Next nor End', { A: { Type: 'Pass' } }, /exactly one of/],
    ['both Next and End', { A: { Type: 'Pass', Next: 'B', End: true }, B: done }, /exactly one of/],
    [
      'no Default',
      { A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'B' }] }, B: done },
      /Default`: is missing/,
    ],
    ['States.ALL beside others', { A: { ...call, Retry: [{ ErrorEquals: ['States.ALL', 'X'] }] } }, /must stand alone/],
    [
      'States.ALL not last',
      { A: { ...call, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['X'] }] } },
      /must stand alone/,
    ],
    [
      'a delay cap below the interval',
      { A: { ...call, Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 5, MaxDelaySeconds: 5 }] } },
      /MaxDelaySeconds/,
    ],
    [
      'an unknown jitter',
      { A: { ...call, Retry: [{ ErrorEquals: ['X'], JitterStrategy: 'HALF' }] } },
      /JitterStrategy/,
    ],
    ['a time-out of zero', { A: { ...call, TimeoutSeconds: 0 } }, /TimeoutSeconds/],
    [
      'an inline Map',
      { A: { ...map, ItemProcessor: { ...map.ItemProcessor, ProcessorConfig: { Mode: 'INLINE' } } } },
      /`DISTRIBUTED`/,
    ],
    [
      'express children',
      {
        A: {
          ...map,
          ItemProcessor: { ...map.ItemProcessor, ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } },
        },
      },
      /`STANDARD`/,
    ],
    [
      'a list of objects as items',
      { A: { ...map, ItemReader: { ...map.ItemReader, Resource: 'arn:aws:states:::s3:listObjectsV2' } } },
      /s3:getObject/,
    ],
    ['CSV items', { A: { ...map, ItemReader: { ...map.ItemReader, ReaderConfig: { InputType: 'CSV' } } } }, /`JSON`/],
    ['item batches', { A: { ...map, ItemBatcher: { MaxItemsPerBatch: 2 } } }, /ItemBatcher/],
    ['a Map whose result goes on', { A: { ...map, Output: undefined } }, /Output`: is missing/],
    [
      'a Map that reads its result',
      { A: { ...map, Output: '{% $states.result %}' } },
      /`\$states\.result` has no value here/,
    ],
    ['a name used in two machines', { Child: map }, /two states have this name/],
    ['bad JSONata', { A: pass('{% 1 + %}') }, /is not JSONata/],
    ['half an expression', { A: pass('{% 1 ') }, /must begin with/],
    ['a space before an expression', { A: pass(' {% 1 %}') }, /must begin with/],
    ['$eval', { A: pass("{% $eval('1') %}") }, /\$parse/],
    ['the operator ??', { A: pass('{% $states.input.a ?? 1 %}') }, /JSONata 2\.0\.6, which lacks the operator `\?\?`/],
    ['the operator ?:', { A: pass('{% $states.input.a ?: 1 %}') }, /JSONata 2\.0\.6, which lacks the operator `\?:`/],
    ['a variable that nobody assigns', { A: pass('{% $nobody %}') }, /assigns the variable `\$nobody`/],
    [
      'an outer variable inside a Map',
      {
        O: { Type: 'Pass', Assign: { x: 1 }, Next: 'A' },
        A: { ...map, ItemProcessor: { ...map.ItemProcessor, States: { Child: pass('{% $x %}') } } },
      },
      /assigns the variable `\$x`/,
    ],
    [
      '$states.result before the call',
      { A: { ...call, Arguments: { FunctionName: '{% $states.result %}' } } },
      /has no value here/,
    ],
    [
      '$states.errorOutput outside a Catch',
      { A: { ...call, Output: '{% $states.errorOutput %}' } },
      /has no value here/,
    ],
    [
      'a placeholder that nobody resolved',
      { A: { ...call, Arguments: { FunctionName: ['$', '{FunctionArn}'].join('') } } },
      /placeholder `\$\{FunctionArn\}` was not resolved/,
    ],
    [
      'a variable named states',
      { A: { Type: 'Pass', Assign: { states: 1 }, End: true } },
      /cannot be the name of a variable/,
    ],
  ])('for %s', (_what, states, reason) => {
    expect(refusal(states)).toThrow(reason)
    expect(refusal(states)).toThrow(/^TG5010: /)
  })

  it('for another query language, a version, or text that is no JSON', () => {
    expect(() => loadDefinition(JSON.stringify({ StartAt: 'A', States: { A: done } }))).toThrow(/QueryLanguage/)
    expect(() =>
      loadDefinition(JSON.stringify({ QueryLanguage: 'JSONPath', StartAt: 'A', States: { A: done } })),
    ).toThrow(/`JSONata`/)
    expect(() =>
      loadDefinition(JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'B', States: { A: done } })),
    ).toThrow(/no state `B`/)
    expect(() => loadDefinition('{')).toThrow(/is not JSON/)
  })
})

describe('the shipped machine', () => {
  const shipped = readFileSync('state-machines/file-processor.asl.json', 'utf8')
  const resolve = (text: string) => text.replace(/\$\{(\w+)\}/g, 'arn:aws:lambda:us-east-1:000000000000:function:$1')
  it('is clean for asl-validator and loads', () => {
    const { isValid, errorsText } = aslValidator(JSON.parse(resolve(shipped)))
    expect(isValid, errorsText()).toBe(true)
    expect(loadDefinition(resolve(shipped)).startAt).toBe('PackBatches')
  })

  it('is refused with its placeholders', () => {
    expect(() => loadDefinition(shipped)).toThrow(/\$\{BatchManagerFunctionArn\}/)
  })

  it.each([
    ['"Next": "SummariseRun"', '"Next": "SummarizeRun"'],
    ['"Next": "TablesFailed"', '"Next": "TablesFaild"'],
    ['"Condition": "{% $manifest.batches = 0 %}"', '"Condition": "{% $manifest.batches = %}"'],
  ])('with %s changed to %s is refused by asl-validator and by us', (from, to) => {
    const broken = resolve(shipped).replace(from, to)
    expect(broken).not.toBe(resolve(shipped))
    expect(aslValidator(JSON.parse(broken)).isValid).toBe(false)
    expect(() => loadDefinition(broken)).toThrow(/^TG5010: /)
  })
})
