/** What the deployment reads of a configuration, against what `config apply` makes of the same file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../../../shared/config/parse.ts'
import { resolve } from '../../../shared/config/resolve.ts'
import { scheduleExpression } from '../../../shared/config/schedule-expression.ts'

interface Deployed {
  cadences: { name: string; expression: string; timezone: string; maxConcurrency: number }[]
  databases: string[]
}
const { readConfiguration, logicalId } = createRequire(import.meta.url)('../../../deploy/configuration.cjs') as {
  readConfiguration(path: string): Deployed
  logicalId(kind: string, name: string): string
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidegate-test-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function read(text: string): Deployed {
  const path = join(directory, 'tidegate.yml')
  writeFileSync(path, text)
  return readConfiguration(path)
}

const full = `
sources:
  operational: { prefix: internal_staging/, layout: "{schema}/{table}", shape: dms }
cadences:
  10_min_refresh: { every: 10 minutes }
  hourly: { every: 1 hour, max_concurrency: 3 }
  nightly: { cron: "0 3 * * ? *", timezone: Europe/Berlin }
defaults:
  - match: "hr.*"
    cadence: hourly
    keys: [id]
    sequence_by: seq
    apply_as_deletes: { column: op, equals: D }
    target: { database: hr_raw }
tables:
  hr.people:
  hr.salaries: { cadence: nightly, target: { database: hr_secret } }
`

test('schedules, concurrency and databases are those that config apply resolves', () => {
  const deployed = read(full)
  const parsed = parseConfig(full, 'tidegate.yml')
  const applied = resolve(parsed, { rawBucket: 'raw', glueJobName: 'job' })
  expect(deployed.cadences.map(({ name, maxConcurrency }) => [name, maxConcurrency])).toEqual(
    applied.cadences.map(({ refresh_cadence, max_concurrency }) => [refresh_cadence, max_concurrency]),
  )
  expect(deployed.cadences.map(({ expression }) => expression)).toEqual(
    Object.values(parsed.config.cadences).map((cadence) => scheduleExpression(cadence)),
  )
  expect(deployed.cadences.map(({ timezone }) => timezone)).toEqual(['UTC', 'UTC', 'Europe/Berlin'])
  expect(deployed.databases).toEqual(['hr_raw', 'hr_secret'])
})

test.each([
  ['TG1602', 'sources: {}'],
  ['TG1603', 'cadences: { "every night": { every: 1 day } }'],
  ['TG1604', 'cadences: { hourly: { every: 1 hour, max_concurrency: 0 } }'],
  ['TG1605', 'cadences: { hourly: { every: 1 hour, cron: "0 3 * * ? *" } }'],
  ['TG1605', 'cadences: { hourly: }'],
  ['TG1606', 'cadences: { hourly: { every: "1 hour) rate(1 day" } }'],
  ['TG1607', 'cadences: { hourly: { every: 1 hour } }\ntables: { a.b: { target: { database: "x/*" } } }'],
])('%s for %s', (code, text) => {
  expect(() => read(text)).toThrow(code)
})

test('a missing file is named', () => {
  expect(() => readConfiguration(join(directory, 'absent.yml'))).toThrow(/TG1601.*absent\.yml/)
})

test('names that differ in nothing alphanumeric have logical ids of their own', () => {
  expect(logicalId('Database', 'a_1')).not.toBe(logicalId('Database', 'a1_'))
  expect(logicalId('Schedule', '10_min_refresh')).toMatch(/^Schedule10minrefresh[0-9a-f]{4}$/)
})
