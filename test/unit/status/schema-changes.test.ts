import { describe, expect, it } from 'vitest'
import { schemaChangesText } from '../../../shared/status/schema-changes.ts'

describe('how a batch changed the columns', () => {
  it('is said change by change', () => {
    const text = schemaChangesText([
      { change: 'added', column: 'note', type: 'string' },
      { change: 'widened', column: 'v', type: 'bigint', was: 'int' },
    ])
    expect(text).toBe('added note string, widened v int → bigint')
  })

  it('is nothing where it changed none', () => expect(schemaChangesText(undefined)).toBe(''))
})
