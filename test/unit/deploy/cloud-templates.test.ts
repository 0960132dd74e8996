/** The validators catch what is planted: they are not only quiet. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { definitionFindings, judged } from '../../../scripts/cloud-templates.ts'

const source = readFileSync(new URL('../../../state-machines/file-processor.asl.json', import.meta.url), 'utf8')
const shipped = source.replace(/\$\{(\w+)\}/g, 'arn:aws:lambda:us-east-1:000000000000:function:$1')
const planted = (from: string, to: string): string[] => {
  expect(shipped).toContain(from)
  return definitionFindings(shipped.replace(from, to))
}

test('the shipped definition is clean', () => {
  expect(definitionFindings(shipped)).toEqual([])
})

test('a dangling Next is caught', () => {
  expect(planted('"Next": "AnyBatches"', '"Next": "NoSuchState"').join()).toContain('NoSuchState')
})

test('JSONata that does not parse is caught', () => {
  expect(planted('{% $manifest.batches = 0 %}', '{% $manifest.batches = %}')).not.toEqual([])
})

test('a placeholder without a substitution is caught', () => {
  expect(definitionFindings(source).join()).toContain('${BatchManagerFunctionArn}')
})

test('a finding of cfn-lint counts unless it is accepted, and an accepted one that is gone is named', () => {
  const finding = (Id: string, Message: string) => ({ Rule: { Id }, Message })
  const known = [
    finding('W3005', "'X' dependency already enforced by a 'GetAtt' at 'Resources/XLambdaFunction/Properties/Role'"),
    finding('E3601', "'{% $manifest.max_concurrency %}' is not of type 'number' at 'States/EachBatch/MaxConcurrency'"),
  ]
  expect(judged(known)).toEqual([])
  expect(judged([...known, finding('E3601', "'X' is not of type 'number' at 'States/Other'")])).toHaveLength(1)
  expect(judged(known.slice(1)).join()).toContain('W3005 no longer occurs')
})
