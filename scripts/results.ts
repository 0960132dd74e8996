/** What a suite did, as numbers: read from the reports that vitest (JSON) and pytest (JUnit XML) write. */
import { relative } from 'node:path'
import { ROOT } from './places.ts'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The tests that failed, by file and name. */
  readonly failures?: readonly string[]
  /** Why the suite failed, where the numbers of the report don't say it. */
  readonly note?: string
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[]
}

/** A file that failed outside of a test (an import, a hook) counts as one failed test: vitest counts none. */
export function tallyOfVitest(json: string): Tally {
  const report = JSON.parse(json) as VitestReport
  const ofFiles = report.testResults.map(({ name, status, assertionResults }) => {
    const file = relative(ROOT, name)
    const tests = assertionResults.filter((test) => test.status === 'failed')
    return { file, tests, broken: status === 'failed' && tests.length === 0 }
  })
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + ofFiles.filter(({ broken }) => broken).length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: ofFiles.flatMap(({ file, tests, broken }) =>
      broken ? [file] : tests.map(({ fullName }) => `${file}: ${fullName}`),
    ),
  }
}

/** Errors (of a fixture, of collecting a file) count as failures. */
export function tallyOfJunit(xml: string): Tally {
  const total = { tests: 0, failures: 0, errors: 0, skipped: 0 }
  for (const [suite] of xml.matchAll(/<testsuite\s[^>]*>/g)) {
    for (const key of ['tests', 'failures', 'errors', 'skipped'] as const)
      total[key] += Number(attribute(suite, key) ?? 0)
  }
  const failed = total.failures + total.errors
  const failures = [...xml.matchAll(/(<testcase\s[^>]*[^/]>)\s*<(?:failure|error)\b/g)].map(
    ([, test = '']) => `${attribute(test, 'classname')}: ${attribute(test, 'name')}`,
  )
  return { passed: Math.max(0, total.tests - failed - total.skipped), failed, skipped: total.skipped, failures }
}

const attribute = (element: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(element)?.[1]

/** The simulator's last line: `1000 histories, 0 violations`. A history that kept the rules has passed. Undefined: it ended before. */
export function tallyOfHistories(line: string): Tally | undefined {
  const [, histories, violations] = /^(\d+) histories, (\d+) violations$/.exec(line) ?? []
  if (histories === undefined || violations === undefined) return undefined
  return { passed: Number(histories) - Number(violations), failed: Number(violations), skipped: 0 }
}

/**
 * The last word on a suite. A false green would be worse than a failure, so these fail too: no report, no test that ran,
 * time out, and an exit code that says more than the report.
 */
export function judge(tally: Tally | undefined, ended: { code: number; timedOut: boolean }): Tally {
  const seen = tally ?? { passed: 0, failed: 0, skipped: 0 }
  const fail = (note: string): Tally => ({ ...seen, failed: Math.max(1, seen.failed), note })
  if (ended.timedOut) return fail('ended, out of time')
  if (!tally) return fail(`left no report, exit code ${ended.code}`)
  if (tally.passed + tally.failed === 0) return fail('ran no test')
  if (ended.code !== 0 && tally.failed === 0) return fail(`exit code ${ended.code}, though no test failed`)
  return tally
}
