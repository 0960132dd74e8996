import { describe, expect, it } from 'vitest'
import { scoreLines, scoresOf, tallyOfScores } from '../../../scripts/mutation.ts'
import { tallyOfHistories } from '../../../scripts/results.ts'

const mutants = (...statuses: string[]) => ({ mutants: statuses.map((status) => ({ status })) })
const report = JSON.stringify({
  files: {
    'shared/settling/a.ts': mutants('Killed', 'Survived', 'RuntimeError'),
    'shared/claims/a.ts': mutants('Killed', 'Killed', 'Killed', 'Timeout', 'Killed', 'Killed'),
    'shared/claims/b.ts': mutants('Ignored', 'NoCoverage', 'Pending'),
  },
})

describe('the score of mutants', () => {
  it('is counted by folder; what did not load or run says nothing', () => {
    expect(scoresOf(report)).toEqual([
      { folder: 'shared/claims', killed: 5, timedOut: 1, survived: 0, uncovered: 1, score: (100 * 6) / 7 },
      { folder: 'shared/settling', killed: 1, timedOut: 0, survived: 1, uncovered: 0, score: 50 },
      { folder: 'all', killed: 6, timedOut: 1, survived: 1, uncovered: 1, score: (100 * 7) / 9 },
    ])
  })

  it('fails the folders below 85 %, by name, whatever the sum says', () => {
    expect(tallyOfScores(scoresOf(report))).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      note: 'shared/settling has 50.0 %: at least 85 % is asked for',
    })
  })

  it('is told as a table', () => {
    expect(scoreLines(scoresOf(report)).at(2)).toBe('| shared/claims | 5 | 1 | 0 | 1 | 85.7 % |')
  })
})

describe('the last line of the simulator', () => {
  it('tells how many histories kept the rules, and anything else is no result', () => {
    expect(tallyOfHistories('1000 histories, 3 violations')).toEqual({ passed: 997, failed: 3, skipped: 0 })
    expect(tallyOfHistories('1000 of 2000, 3 violations')).toBeUndefined()
  })
})
