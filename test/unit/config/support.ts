import { namedTables } from '../../../shared/config/named-tables.ts'
import { type ParsedConfig, parseConfig } from '../../../shared/config/parse.ts'
import { InvalidConfiguration, type Problem } from '../../../shared/config/problems.ts'
import { resolve } from '../../../shared/config/resolve.ts'
import { tableResolver } from '../../../shared/config/resolve-table.ts'

export const deployment = { rawBucket: 'raw', glueJobName: 'tidegate-job' }

/** A file that is complete; tests add to it. */
export const BASE = `
sources:
  operational: { prefix: staging/, layout: "{schema}/{table}", shape: dms }
cadences:
  10_min_refresh: { every: 10 minutes }
  nightly: { cron: "0 3 * * ? *", timezone: Europe/Berlin }
defaults:
  - match: "**"
    cadence: 10_min_refresh
    keys: [id]
    sequence_by: seq
    target: { database: lake }
`

export const resolved = (text: string) => resolve(parseConfig(text, 'tidegate.yml'), deployment)

/** The problems of a file that is refused. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    resolved(text)
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems
    throw error
  }
  throw new Error('was not refused')
}

export const codesOf = (text: string): string[] => problemsOf(text).map((problem) => problem.code)

/** What one table of a file comes to, whatever else is wrong with the file. */
export function tableOf(parsed: ParsedConfig, name: string) {
  const named = namedTables(parsed).tables.find((table) => table.name === name)
  return named && tableResolver(parsed, deployment)(named).table
}
