import { expect, it } from 'vitest'
import { settingText } from '../../../cli/lib/setting-text.ts'

it.each([
  ['nightly', 'nightly'],
  ['', '""'],
  [['a'], '["a"]'],
  [false, 'false'],
  [null, '-'],
  ['a\u001b[2Jb', 'a\\u001b[2Jb'],
])('%j is shown as %s', (value, text) => expect(settingText(value)).toBe(text))
