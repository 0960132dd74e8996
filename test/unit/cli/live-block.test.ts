import { afterEach, expect, it, vi } from 'vitest'
import { wantsColours } from '../../../cli/lib/colours.ts'
import { liveBlock } from '../../../cli/lib/live-block.ts'

afterEach(() => void vi.useRealTimers())

const ESC = '\u001b'
const parts = new RegExp(`${ESC}\\[\\d*[A-Za-z]|[\\r\\n]|[^${ESC}\\r\\n]+`, 'g')

/** A screen that knows the few sequences that the block uses: up, to the line's beginning, clear to the end. */
function screen(columns: number) {
  const rows: string[] = ['']
  let row = 0
  const write = (text: string): void => {
    for (const part of text.match(parts) ?? []) {
      if (part === '\n') rows[++row] ??= ''
      else if (part === '\r' || part.endsWith('m')) continue
      else if (part.endsWith('A')) row -= Number(part.slice(2, -1))
      else if (part === `${ESC}[J`) rows.splice(row, rows.length, '')
      else {
        if (part.length >= columns) throw new Error(`a line of ${part.length} wraps`)
        rows[row] = part
      }
    }
  }
  return { isTTY: true, columns, write, rows: () => rows.filter((line) => line !== '') }
}

it('redraws its lines in place, and never a line that stays', () => {
  vi.useFakeTimers()
  const on = screen(40)
  let lines = ['a', 'b']
  const block = liveBlock(on, () => lines)
  expect(on.rows()).toEqual(['a', 'b'])
  block.print('TG5002: table_1 failed')
  lines = ['c', 'd', 'e']
  vi.advanceTimersByTime(1_000)
  expect(on.rows()).toEqual(['TG5002: table_1 failed', 'c', 'd', 'e'])
  lines = ['f']
  block.print('table_2 committed')
  expect(on.rows()).toEqual(['TG5002: table_1 failed', 'table_2 committed', 'f'])
  block.end()
  vi.advanceTimersByTime(1_000)
  expect(on.rows()).toEqual(['TG5002: table_1 failed', 'table_2 committed'])
})

it('cuts its own lines to the terminal, so that they never wrap', () => {
  const on = screen(10)
  const block = liveBlock(on, () => ['\u001b[31m0123456789abc\u001b[39m'])
  expect(on.rows()).toEqual(['01234567…'])
  block.end()
})

it('is nothing but the lines that stay where there is no terminal', () => {
  let text = ''
  const block = liveBlock({ isTTY: false, columns: 10, write: (part) => (text += part) }, () => ['not shown'])
  block.print('a line that is longer than the columns')
  block.end()
  expect(text).toBe('a line that is longer than the columns\n')
})

it.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { NO_COLOR: '1' }, false],
  [{ isTTY: true }, { TERM: 'dumb' }, false],
  [{ isTTY: false }, {}, false],
  [{ isTTY: false }, { CI: 'true' }, false],
  [{ isTTY: false }, { FORCE_COLOR: '1' }, true],
  [{ isTTY: true }, { FORCE_COLOR: '0' }, false],
])('%j with %j: colours %s', (stream, env, wanted) => {
  expect(wantsColours(stream, env)).toBe(wanted)
})
