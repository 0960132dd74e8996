/** docs/reference/dms.md has all twenty-five facts, and each test that it names is there. */
import { describe, expect, it } from 'vitest'
import { read, rows } from './sources.ts'

const facts = rows(read('docs/reference/dms.md'))

describe('facts about DMS', () => {
  it('are all twenty-five, in order', () => {
    const numbers = facts.map(([fact = '']) => Number(/^\d+/.exec(fact)?.[0]))
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, place) => place + 1))
  })

  it.each(facts.map(([fact, , shownBy = '']) => [fact, shownBy] as const))('%s', (_, shownBy) => {
    const places = shownBy.split(/; (?=`)/)
    for (const place of places) {
      const [, path = '', names = ''] = /^`([^`]+)` ("[^"]+"(?:, "[^"]+")*)$/.exec(place) ?? []
      expect(path, `\`${place}\` is no path with tests`).not.toBe('')
      const source = read(path)
      for (const [, name = ''] of names.matchAll(/"([^"]+)"/g)) expect(namesOf(path, source)).toContain(name)
    }
  })
})

/** The tests of a file, or the cases of a fixture that a test runs one by one. */
function namesOf(path: string, source: string): string[] {
  const [pattern] = [/^def (test_\w+)\(/gm, /"(?:why|name)": "([^"]+)"/g, /\b(?:it|test)\(\s*(['"`])(.+?)\1,/g].filter(
    (_, place) => place === (path.endsWith('.py') ? 0 : path.endsWith('.json') ? 1 : 2),
  )
  return [...source.matchAll(pattern ?? /$^/g)].map((match) => match.at(-1) ?? '')
}
