import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatcher } from '../../../shared/files/glob.ts'

describe('globMatcher', () => {
  it.each([
    ['*/full-*', 'accounts/full-2024.csv', true],
    ['*/full-*', 'accounts/2024/full-1.csv', false],
    ['**/full-*', 'accounts/2024/full-1.csv', true],
    ['**', 'a/b/c', true],
    ['*', '', true],
    ['*', 'a/b', false],
    ['a**b*c', 'a/x/b_c', true],
    ['a**b*c', 'a/x/b/c', false],
    ['a**b*c', 'abb/xbyc', true],
    ['a***b', 'a/b', true],
    ['a?[x].+', 'a?[x].+', true],
    ['a?', 'ab', false],
    ['', '', true],
    ['', 'a', false],
  ])('%j on %j: %s', (pattern, text, matches) => expect(globMatcher(pattern)(text)).toBe(matches))

  it('agrees with the regular expression that says the same', () => {
    const pattern = fc.array(fc.constantFrom('*', '**', 'a', 'b', '/'), { maxLength: 8 }).map((parts) => parts.join(''))
    const text = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 10 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(pattern, text, (glob, input) => {
        const meaning = new RegExp(`^${glob.replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/]*'))}$`)
        expect(globMatcher(glob)(input)).toBe(meaning.test(input))
      }),
      { numRuns: 1000 },
    )
  })

  it('takes no exponential time: a pattern that makes backtracking matchers hang', () => {
    const matches = globMatcher(`${'**a*a'.repeat(30)}b`)
    expect(matches('a'.repeat(1024))).toBe(false)
  })
})
