/** A bench that is run alone leaves the sections of the others as they are. */
import { expect, it } from 'vitest'
import { sectionOf, withSection } from '../../bench/page.ts'

const bench = { title: 'T', method: 'M.', run: async () => ({ rows: [] }) }
const row = { what: 'w', target: '< 2 s', measured: '1 s' }

it('puts a section in the place of its old one, and a new one last', () => {
  const first = withSection(withSection('', 'a', '## A\nold'), 'b', '## B\nkept, with its notes\n\n- one')
  const again = withSection(withSection(first, 'c', '## C'), 'a', '## A\nnew')
  expect([...again.matchAll(/^<!-- bench: (\w) -->\n## (\w)$/gm)].map(([, name, title]) => `${name}${title}`)).toEqual([
    'aA',
    'bB',
    'cC',
  ])
  expect(again).toContain('## A\nnew\n')
  expect(again).not.toContain('old')
  expect(again).toContain('## B\nkept, with its notes\n\n- one\n')
  expect(withSection(again, 'a', '## A\nnew')).toBe(again)
})

it('says what is met, missed, or has no target', () => {
  const rows = [{ ...row, met: true }, { ...row, met: false }, row]
  const verdicts = [...sectionOf(bench, 'On', { rows }).matchAll(/\| 1 s \| (.*?) ?\|$/gm)].map(
    ([, verdict]) => verdict,
  )
  expect(verdicts).toEqual(['met', '**missed**', ''])
})
