/** Links of Markdown pages: what leads somewhere, and each way of leading nowhere. */
import { expect, it } from 'vitest'
import { linkFindings } from '../../../scripts/links.ts'

const others = [
  { path: 'README.md', text: '# Top\n## Try it, now\n## Twice\n## Twice\n```\n## fenced\n```\n' },
  { path: 'docs/a b.md', text: '# A' },
]
const exists = (path: string) => ['', 'README.md', 'docs', 'docs/page.md', 'docs/a b.md', 'shared/x.ts'].includes(path)
const findings = (text: string) => linkFindings([...others, { path: 'docs/page.md', text: `## Here\n${text}` }], exists)

it.each([
  '[a](../README.md)',
  '[a](../README.md#try-it-now)',
  '[a](../README.md#twice-1)',
  '[a](#here)',
  '[a](..)',
  '[a](../docs)',
  '[a](a%20b.md#a)',
  '[`code`](../shared/x.ts)',
  '[a](https://example.com/none)',
  '[a](mailto:a@example.com)',
  '`[no](link.md)`',
  '```\n[no](link.md)\n```',
])('leads somewhere: %s', (text) => {
  expect(findings(text)).toEqual([])
})

it.each([
  ['[a](none.md)', /none\.md` is not there/],
  ['[a](README.md)', /README\.md` is not there/],
  ['[a](../../README.md)', /is not there/],
  ['[a](../README.md#fenced)', /has no such heading/],
  ['[a](../README.md#twice-2)', /has no such heading/],
  ['[a](#there)', /has no such heading/],
  ['[`code`](../shared/y.ts)', /is not there/],
])('leads nowhere: %s', (text, finding) => {
  expect(findings(text).join('\n')).toMatch(finding)
})
