import { expect, test } from 'vitest'
import { durationOf } from '../../../cli/lib/duration.ts'

test.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['3 h', 10_800_000],
  ['7d', 604_800_000],
  ['366d', 31_622_400_000],
])('%s is %i ms', (text, ms) => expect(durationOf(text)).toBe(ms))

test.each(['', '10', '0m', '-5m', '1.5h', '10 minutes', '367d', '99999999d', '10M'])('%j is refused', (text) =>
  expect(() => durationOf(text)).toThrow(`TG1511: \`${text}\``),
)
