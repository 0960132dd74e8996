import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobFrom, s3Location, scriptArguments, sparkSettings, textMap } from '../../../local/glue/job.ts'

test('a chain of settings is read whole, values with blanks and equal signs too', () => {
  const chain = 'spark.a=1 --conf spark.b=x=y  --conf spark.c=-Da=b -Dc=d'
  expect(sparkSettings(chain)).toEqual({ 'spark.a': '1', 'spark.b': 'x=y', 'spark.c': '-Da=b -Dc=d' })
  expect(sparkSettings(undefined)).toEqual({})
})

test('whatever settings are chained come back', () => {
  const name = fc.stringMatching(/^spark\.[a-z.]{1,20}$/)
  const value = fc.stringMatching(/^[a-zA-Z0-9:/.=-]{1,20}$/)
  fc.assert(
    fc.property(fc.dictionary(name, value, { minKeys: 1, noNullPrototype: true }), (settings) => {
      const chain = Object.entries(settings)
        .map(([key, text]) => `${key}=${text}`)
        .join(' --conf ')
      expect(sparkSettings(chain)).toEqual(settings)
    }),
  )
})

test('a setting without a value is refused by its text', () => {
  expect(() => sparkSettings('spark.a=1 --conf spark.b')).toThrow('`spark.b`')
})

test('the script gets arguments as they are, Glue takes its own', () => {
  const merged = {
    '--plan': 's3://b/a b.json',
    '--conf': 'spark.a=1',
    '--extra-py-files': 's3://b/x.zip',
    '--JOB_NAME': 'forged',
  }
  const argv = scriptArguments(merged, 'job', 'jr_1')
  expect(argv).toEqual(['--plan', 's3://b/a b.json', '--JOB_NAME', 'job', '--JOB_ID', 'j_job', '--JOB_RUN_ID', 'jr_1'])
})

test.each([
  ['s3://bucket/a/b c.py', { bucket: 'bucket', key: 'a/b c.py' }],
  ['s3a://bucket/x', { bucket: 'bucket', key: 'x' }],
  ['s3://bucket/', undefined],
  ['s3://bucket', undefined],
  ['file:///etc/passwd', undefined],
  ['/etc/passwd', undefined],
])('location %j', (uri, expected) => {
  expect(s3Location(uri)).toEqual(expected)
})

test('a job is read with the defaults of Glue; what would be pretended is refused', () => {
  const command = { Name: 'glueetl', ScriptLocation: 's3://b/main.py' }
  expect(jobFrom({ Name: 'j', Command: command })).toMatchObject({
    maxConcurrentRuns: 1,
    queuingEnabled: false,
    timeoutMinutes: 2880,
    defaultArguments: {},
  })
  expect(() => jobFrom({ Name: 'j', Command: command, MaxRetries: 2 })).toThrow('`MaxRetries` = `2`')
  expect(() => jobFrom({ Name: 'j', Command: { ...command, Name: 'gluestreaming' } })).toThrow('`gluestreaming`')
  expect(() => textMap({ '--n': 3 })).toThrow('`--n` is `3`')
})
