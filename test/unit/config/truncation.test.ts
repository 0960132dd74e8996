/** What becomes of a table that is truncated at its source, as the file says it. */
import { expect, it } from 'vitest'
import { tableConfig } from '../../../shared/contracts/config.ts'
import { BASE, problemsOf, resolved } from './support.ts'

const withTable = (block: string) => `${BASE}tables:\n  hr.emp: ${block}\n`

it('is told to whoever notices it, if it is not to be held', () => {
  for (const [policy, more] of [
    ['empty', ''],
    ['empty', ', target: { format: hudi }'],
    ['ignore', ', mode: historical'],
  ]) {
    const [table] = resolved(withTable(`{ on_truncate: ${policy}${more} }`)).tables
    expect(table?.on_truncate).toBe(policy)
    expect(tableConfig.safeParse({ ...table, applied_at_ms: 1 }).error).toBeUndefined()
  }
  expect(resolved(withTable('{ on_truncate: hold }')).tables[0]).not.toHaveProperty('on_truncate')
})

it.each([
  ['{ on_truncate: empty, mode: historical }', 'is a history, which keeps every version'],
  ['{ on_truncate: empty, mode: H }', 'is a history, which keeps every version'],
  ["{ on_truncate: empty, target: { properties: { format-version: '3' } } }", 'is of format version 3'],
])('%s is refused, since it can’t be emptied', (block, why) => {
  const [problem, ...others] = problemsOf(withTable(block))
  expect(others).toEqual([])
  expect(problem).toMatchObject({ code: 'TG1228', message: expect.stringContaining(why) })
  expect(problem?.message).toMatch(/^`hr\.emp` .*: use `on_truncate: hold` or `ignore`$/)
  expect(resolved(withTable(block.replace('empty', 'hold'))).tables).toHaveLength(1)
})
