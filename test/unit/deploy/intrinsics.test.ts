/** References of a template become what they will be; what cannot be told beforehand is refused. */
import { expect, test } from 'vitest'
import { resolveReferences } from '../../../local/deploy/intrinsics.ts'
import type { Properties, Template } from '../../../local/deploy/template.ts'

const place = {
  account: '000000000000',
  region: 'us-east-1',
  stackName: 'tidegate-local',
  endpoint: 'http://127.0.0.1:1',
}
const withUser = (Properties: Properties): Template => ({
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': 'b-${AWS::AccountId}' } } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } },
    User: { Type: 'AWS::Events::Rule', Properties: { Name: 'r', ...Properties } },
  },
})
const resolved = (Properties: Properties) => resolveReferences(withUser(Properties), place).Resources.User

test.each([
  [{ Ref: 'Bucket' }, 'b-000000000000'],
  [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:q'],
  [{ Ref: 'Queue' }, 'http://127.0.0.1:1/000000000000/q'],
  [{ 'Fn::Sub': '${Bucket.Arn}/*' }, 'arn:aws:s3:::b-000000000000/*'],
  [{ 'Fn::Sub': 'arn:${AWS::Partition}:x:${AWS::Region}' }, 'arn:aws:x:us-east-1'],
  [{ 'Fn::Sub': '${!Kept}' }, '${Kept}'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'Bucket' }]] }, 'a-b-000000000000'],
])('%j', (value, expected) => {
  expect(resolved({ Description: value })?.Properties.Description).toBe(expected)
})

test('a reference becomes a dependency, so that the order survives', () => {
  expect(resolved({ Targets: [{ Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] } }] })?.DependsOn).toEqual(['Queue'])
})

test.each([
  [{ Ref: 'Nobody' }],
  [{ 'Fn::GetAtt': ['Bucket', 'Nothing'] }],
  [{ 'Fn::ImportValue': 'x' }],
  [{ 'Fn::Sub': '${AWS::Nothing}' }],
])('%j is refused with its place', (value) => {
  expect(() => resolved({ Description: value })).toThrow(/TG5202.*User\.Description/)
})
