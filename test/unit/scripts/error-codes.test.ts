/** The page of error numbers against the sources: each kind of disagreement, planted. */
import { describe, expect, it } from 'vitest'
import { errorCodeFindings } from '../../../scripts/error-codes.ts'

const page = (...rows: string[]) => ['## Ledger', 'Thrown in `shared/aws`, `shared/memory`.', '', ...rows].join('\n')
const row = (number: string) => `| ${number} | it happens | do this |`
const source = (path: string, text: string) => ({ path, text })

describe('error numbers', () => {
  it('agree when each number has one row in a section that names its place', () => {
    const sources = [
      source('shared/aws/a.ts', "throw new LedgerError('TG3001', message)"),
      source('shared/memory/b.ts', 'throw new Error(`TG3001: message`)'),
    ]
    expect(errorCodeFindings(sources, page(row('TG3001')))).toEqual([])
  })

  it.each([
    ['a number without a row', "'TG3002'", page(row('TG3001')), /TG3002 is not on the page/],
    ['a number in a comment without a row', '// as TG3002 says', page(row('TG3001')), /TG3002 is not on the page/],
    ['a row without a number', "'TG3001'", page(row('TG3001'), row('TG3002')), /line 5: TG3002 is in no source/],
    ['two rows of a number', "'TG3001'", page(row('TG3001'), row('TG3001')), /explained in line 4 already/],
    ['a section that names no place', "'TG3001'", row('TG3001'), /section without "Thrown in"/],
  ])('finds %s', (_, text, explained, finding) => {
    const found = errorCodeFindings([source('shared/aws/a.ts', `${text} /* TG3001 */`)], explained)
    expect(found.join('\n')).toMatch(finding)
  })

  it.each([
    ["new InputError('TG3001', 'text')", 1],
    ['Kind("TG3001", "text")', 1],
    ['"Error": "TG3001",', 1],
    ["if (error.code === 'TG3001') return", 0],
    ["const LATE = 'TG3001'", 0],
    ['/** Throws TG3001. */', 0],
  ])('finds a number with two meanings: %s', (text, times) => {
    const sources = [source('shared/aws/a.ts', "'TG3001'"), source('local/b.ts', text)]
    const found = errorCodeFindings(sources, page(row('TG3001')))
    expect(found).toHaveLength(times)
    if (times > 0)
      expect(found[0]).toMatch(/^local\/b\.ts: TG3001 is explained as thrown in shared\/aws, shared\/memory/)
  })

  it('does not take a folder for another that its name begins with', () => {
    const found = errorCodeFindings([source('shared/aws2/a.ts', "'TG3001'")], page(row('TG3001')))
    expect(found).toHaveLength(1)
  })
})
