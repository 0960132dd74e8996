import { expect, it } from 'vitest'
import { pointInTime } from '../../../cli/lib/point-in-time.ts'

const NOW = Date.UTC(2026, 10, 21, 18)

it.each([
  ['2026-11-21', Date.UTC(2026, 10, 21)],
  ['2026-11-21T18:30Z', Date.UTC(2026, 10, 21, 18, 30)],
  ['2026-11-21T18:30:15.250+02:00', Date.UTC(2026, 10, 21, 16, 30, 15, 250)],
  ['3h', NOW - 3 * 3_600_000],
  ['7 d', NOW - 7 * 86_400_000],
])('%s', (text, at) => {
  expect(pointInTime(text, NOW)).toBe(at)
})

it.each(['', 'yesterday', '2026-11-21T18:30', '2026-13-01', '21.11.2026', '-3h', '1e3', '2026-11-21Z'])(
  '`%s` is none: a time without its zone would be another one on another machine',
  (text) => {
    expect(() => pointInTime(text, NOW)).toThrow(/TG1544/)
  },
)

it('a span of time that is none says so', () => {
  expect(() => pointInTime('999d', NOW)).toThrow(/TG1511/)
})
