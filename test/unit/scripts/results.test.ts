import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../../scripts/places.ts'
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
    expect(tallyOfVitest(report({ numFailedTests: 3 }))).toMatchObject({ passed: 2, failed: 3, skipped: 1 })
  })

  it('counts a file that could not be loaded as a failure: vitest counts no test there', () => {
    const testResults = [
      { name: join(ROOT, 'test/a.test.ts'), status: 'failed', assertionResults: [] },
      { name: join(ROOT, 'test/b.test.ts'), status: 'passed', assertionResults: [{ status: 'passed', fullName: 'b' }] },
    ]
    expect(tallyOfVitest(report({ testResults }))).toMatchObject({ failed: 1, failures: ['test/a.test.ts'] })
  })

  it('does not count a file twice whose tests failed', () => {
    const assertionResults = [
      { status: 'failed', fullName: 'a file lands' },
      { status: 'passed', fullName: 'b' },
    ]
    const testResults = [{ name: join(ROOT, 'test/a.test.ts'), status: 'failed', assertionResults }]
    expect(tallyOfVitest(report({ numFailedTests: 1, testResults }))).toMatchObject({
      failed: 1,
      failures: ['test/a.test.ts: a file lands'],
    })
  })
})

it('reads the report of pytest: errors are failures', () => {
  const xml =
    '<testsuites><testsuite name="pytest" errors="1" failures="1" skipped="3" tests="10" time="1.5">' +
    '<testcase classname="tests.test_a" name="test_good" time="0.1" />' +
    '<testcase classname="tests.test_a" name="test_bad[x]" time="0.1"><failure message="no">no</failure></testcase>' +
    '<testcase classname="tests.test_b" name="test_worse" time="0.1"><error message="no">no</error></testcase>' +
    '</testsuite></testsuites>'
  expect(tallyOfJunit(xml)).toEqual({
    passed: 5,
    failed: 2,
    skipped: 3,
    failures: ['tests.test_a: test_bad[x]', 'tests.test_b: test_worse'],
  })
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

  it('names what failed last of all but the table, so that the end of a long log says it', () => {
    const lines = summary([{ ...outcome, failures: ['test/a.test.ts: a file lands'] }], 2).split('\n')
    expect(lines[1]).toBe('failed: unit │ test/a.test.ts: a file lands')
    expect(lines[2]).toMatch(/^suite /)
  })

  it('warns of a suite over its budget, and of no other', () => {
    const lines = summary([outcome, { ...outcome, name: 'e2e', minutes: 0.5 }], 2).split('\n')
    expect(lines.filter((line) => line.includes('over its budget'))).toEqual([
      expect.stringMatching(/^unit .*1:30 .*1:00/),
    ])
  })
})
