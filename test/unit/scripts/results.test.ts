import { describe, expect, it } from 'vitest'
import { judge, tallyOfJunit, tallyOfVitest } from '../../../scripts/results.ts'
import { summary } from '../../../scripts/summary.ts'

const report = (over: object) =>
  JSON.stringify({
    numPassedTests: 2,
    numFailedTests: 0,
    numPendingTests: 1,
    numTodoTests: 0,
    testResults: [],
    ...over,
  })

describe('reading the report of vitest', () => {
  it('counts passed, failed and skipped tests', () => {
    expect(tallyOfVitest(report({ numFailedTests: 3 }))).toEqual({ passed: 2, failed: 3, skipped: 1 })
  })

  it('counts a file that could not be loaded as a failure: vitest counts no test there', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ]
    expect(tallyOfVitest(report({ testResults })).failed).toBe(1)
  })

  it('does not count a file twice whose tests failed', () => {
    const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }] }]
    expect(tallyOfVitest(report({ numFailedTests: 1, testResults })).failed).toBe(1)
  })
})

it('reads the report of pytest: errors are failures', () => {
  const xml =
    '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.5"></testsuite></testsuites>'
  expect(tallyOfJunit(xml)).toEqual({ passed: 4, failed: 3, skipped: 3 })
})

describe('judging a suite', () => {
  const green = { passed: 5, failed: 0, skipped: 0 }
  it.each([
    ['no report', undefined, { code: 0, timedOut: false }, 'no report'],
    ['no test ran', { passed: 0, failed: 0, skipped: 4 }, { code: 0, timedOut: false }, 'ran no test'],
    ['an exit code that the report does not explain', green, { code: 1, timedOut: false }, 'exit code 1'],
    ['time out', green, { code: 143, timedOut: true }, 'out of time'],
  ])('fails on %s', (_, tally, ended, note) => {
    expect(judge(tally, ended)).toMatchObject({ failed: 1, note: expect.stringContaining(note) })
  })

  it('leaves a green suite green', () => {
    expect(judge(green, { code: 0, timedOut: false })).toEqual(green)
  })
})

describe('the summary', () => {
  const outcome = { name: 'unit', passed: 7, failed: 1, skipped: 0, minutes: 1.5, budgetMinutes: 1 }

  it('ends with the totals over all suites, alone on the line', () => {
    const text = summary([outcome, { ...outcome, name: 'e2e', skipped: 2, minutes: 0.5 }], 2)
    expect(text.split('\n').at(-1)).toBe('14 passed, 2 failed, 2 skipped')
  })

  it('warns of a suite over its budget, and of no other', () => {
    const lines = summary([outcome, { ...outcome, name: 'e2e', minutes: 0.5 }], 2).split('\n')
    expect(lines.filter((line) => line.includes('over its budget'))).toEqual([
      expect.stringMatching(/^unit .*1:30 .*1:00/),
    ])
  })
})
