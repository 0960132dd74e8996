import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readEnvironment } from '../../../functions/_shared/environment.ts'

const complete = {
  TIDEGATE_STAGING_BUCKET: 'my-staging',
  TIDEGATE_RAW_BUCKET: 'my-raw',
  TIDEGATE_CONTROL_BUCKET: 'my-control',
}

test('what is not set has its default', () => {
  expect(readEnvironment(complete)).toEqual({
    stagingBucket: 'my-staging',
    rawBucket: 'my-raw',
    controlBucket: 'my-control',
    tablePrefix: 'odpf_',
    historyTtlMs: 400 * 86_400_000,
    reconcileYoungMs: 3_600_000,
  })
  const set = readEnvironment({ ...complete, TIDEGATE_TABLE_PREFIX: 'x_', TIDEGATE_HISTORY_TTL_DAYS: '7' })
  expect(set).toMatchObject({ tablePrefix: 'x_', historyTtlMs: 604_800_000 })
})

test('defect 18: what serverless.yml sets is what the functions read', () => {
  const deployed = readFileSync('serverless.yml', 'utf8')
  const set = new Set(deployed.match(/\bTIDEGATE_\w+(?=:)/g))
  const source = readFileSync('functions/_shared/environment.ts', 'utf8')
  expect([...set].sort()).toEqual([...new Set(source.match(/\bTIDEGATE_\w+(?=:)/g))].sort())
})

test('every variable that is missing is named at once', () => {
  const reading = () => readEnvironment({ TIDEGATE_RAW_BUCKET: 'my-raw' })
  expect(reading).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', code: 'TG1030', certainty: 'terminal' }),
  )
  expect(reading).toThrow(/`TIDEGATE_STAGING_BUCKET` is missing; `TIDEGATE_CONTROL_BUCKET` is missing/)
})

test.each([
  ['TIDEGATE_STAGING_BUCKET', ''],
  ['TIDEGATE_CONTROL_BUCKET', 's3://my-control'],
  ['TIDEGATE_TABLE_PREFIX', 'a b'],
  ['TIDEGATE_HISTORY_TTL_DAYS', '0'],
  ['TIDEGATE_HISTORY_TTL_DAYS', '1.5'],
  ['TIDEGATE_HISTORY_TTL_DAYS', ''],
  ['TIDEGATE_RECONCILE_YOUNG_MINUTES', '-1'],
])('%s = `%s` is refused by name and value', (name, value) => {
  expect(() => readEnvironment({ ...complete, [name]: value })).toThrow(`\`${name}\` = \`${value}\``)
})
