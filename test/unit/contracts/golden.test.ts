import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { outcome } from '../../../shared/contracts/outcome.ts'
import { plan } from '../../../shared/contracts/plan.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/contracts.example.json'), 'utf8'))

describe('golden documents', () => {
  it('the plan is read as it is', () => {
    expect(plan.parse(golden.plan)).toEqual(golden.plan)
  })

  it.each(Object.keys(golden.outcomes))('the %s outcome is read as it is', (name) => {
    expect(outcome.parse(golden.outcomes[name])).toEqual(golden.outcomes[name])
  })

  it.each([
    ['an unknown key', { ...golden.plan, extra: 1 }],
    ['another version', { ...golden.plan, contract: 'tidegate.plan/2' }],
    ['a token of zero', { ...golden.plan, tables: [{ ...golden.plan.tables[0], token: 0 }] }],
    ['a table name with a slash', { ...golden.plan, tables: [{ ...golden.plan.tables[0], table: 'a/b' }] }],
  ])('%s is refused', (_, document) => {
    expect(plan.safeParse(document).success).toBe(false)
  })
})
