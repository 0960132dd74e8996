import { expect, it } from 'vitest'
import { demoOptions } from '../../../demo/options.ts'

it('takes a number of rows, and whether to keep the cloud', () => {
  expect(demoOptions([])).toEqual({ rows: 25_000, keep: false })
  expect(demoOptions(['--rows', '500', '--keep'])).toEqual({ rows: 500, keep: true })
  expect(demoOptions(['--help'])).toBe('help')
})

it.each([
  [['--rows', 'many'], '`many`'],
  [['--rows', '1'], '`1`'],
  [['--rows=-5'], '`-5`'],
  [['--rows', '1369770'], '`1369770`'],
  [['--row', '5'], "'--row'"],
  [['5'], "'5'"],
  [['--rows'], '--rows'],
])('%j is refused, with what to type', (args, named) => {
  expect(() => demoOptions(args)).toThrow(/^TG1514: .*npm run demo -- --rows N/)
  expect(() => demoOptions(args)).toThrow(named)
})
