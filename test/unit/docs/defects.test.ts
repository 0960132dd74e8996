/** docs/explanation/defects.md has all nineteen defects and nine rules, and names tests that are there. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codes, filesBelow, read, rows } from './sources.ts'

const page = read('docs/explanation/defects.md')
const [defects, rules] = page.split('\n| rule ').map((part) => rows(part))

describe('defects', () => {
  it('are all nineteen', () => {
    expect(defects?.map(([number]) => Number(number))).toEqual(Array.from({ length: 19 }, (_, n) => n + 1))
  })

  it.each(defects?.map((cells) => [cells[0], cells[3]] as const) ?? [])(
    '%s has the test that it names',
    (number, held) => {
      const [path = ''] = codes(held ?? '')
      const title = /"(.+)"$/.exec(held ?? '')?.[1] ?? ''
      expect(title).toMatch(new RegExp(`^[Dd]efects? (\\d+ and )?${number}\\b|^defects ${number} and`))
      expect(read(path)).toContain(title)
    },
  )
})

describe('rules', () => {
  const sources = [
    ...filesBelow('test').filter((path) => /\.test\.ts$|-contract\.ts$/.test(path)),
    ...readdirSync('spark-jobs/tests').flatMap((file) => (file.endsWith('.py') ? [`spark-jobs/tests/${file}`] : [])),
  ].map(read)

  it('are all nine', () => {
    expect(rules?.map(([number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it.each(rules?.map((cells) => codes(cells[2] ?? '')) ?? [])('%s names tests', (name) => {
    expect(sources.some((text) => text.includes(name ?? ''))).toBe(true)
  })
})
