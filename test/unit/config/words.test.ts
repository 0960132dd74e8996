import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expandNames } from '../../../shared/config/expand-names.ts'
import { nearest } from '../../../shared/config/nearest.ts'
import { partitionField } from '../../../shared/config/partition-field.ts'
import { scheduleExpression } from '../../../shared/config/schedule-expression.ts'
import { bytesOf } from '../../../shared/config/units.ts'

describe('scheduleExpression', () => {
  it.each([
    [{ every: '10 minutes' }, 'rate(10 minutes)'],
    [{ every: '1 minutes' }, 'rate(1 minute)'],
    [{ every: '1 hour' }, 'rate(1 hour)'],
    [{ every: '30 days' }, 'rate(30 days)'],
    [{ cron: '0 3 * * ? *' }, 'cron(0 3 * * ? *)'],
    [{ cron: ' 0/15  8-18 ? * MON-FRI * ' }, 'cron(0/15 8-18 ? * MON-FRI *)'],
  ])('%j is %s', (timing, expression) => expect(scheduleExpression(timing)).toBe(expression))

  it.each([{}, { every: '10' }, { every: '-1 days' }, { cron: '0 3 * * ? *) rate(1 minute' }, { cron: '* * * ? ? *' }])(
    '%j is TG1218',
    (timing) => expect(() => scheduleExpression(timing)).toThrow(/^TG1218: /),
  )
})

describe('bytesOf', () => {
  it.each([
    ['1 B', 1],
    ['10 GiB', 10_737_418_240],
    ['512MiB', 536_870_912],
    ['0 GiB', undefined],
    ['10 GB', undefined],
    ['1.5 GiB', undefined],
    ['999999 TiB', undefined],
  ])('%s is %s', (text, bytes) => expect(bytesOf(text)).toBe(bytes))
})

describe('nearest', () => {
  it.each([
    ['keyz', 'keys'],
    ['Keys', 'keys'],
    ['sequence-by', 'sequence_by'],
    ['colour', undefined],
    ['keys'.repeat(100), undefined],
  ])('%s', (word, near) => expect(nearest(word, ['keys', 'sequence_by', 'target'])).toBe(near))
})

describe('expandNames', () => {
  const namesOf = (pattern: string) => {
    const expansion = expandNames(pattern)
    return 'error' in expansion ? undefined : [...expansion.names()]
  }

  it.each([
    ['a.b', ['a.b']],
    ['a.b_{1..3}', ['a.b_1', 'a.b_2', 'a.b_3']],
    ['a.{08..10}', ['a.08', 'a.09', 'a.10']],
    ['a.{2..1}', ['a.2', 'a.1']],
    ['{a,b}.{1..2}', ['a.1', 'a.2', 'b.1', 'b.2']],
  ])('%s', (pattern, names) => expect(namesOf(pattern)).toEqual(names))

  it.each(['{', '}', '{}', '{a}', '{a,}', '{1..}', '{{1..2}}', '{a..b}', '{1..9999999999}'])('refuses %s', (pattern) =>
    expect(namesOf(pattern)).toBeUndefined(),
  )

  it('knows the size before it makes a name', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '{1..3}', '{x,y}', '{01..12}'), { maxLength: 4 }), (parts) => {
        const expansion = expandNames(parts.join(''))
        if ('error' in expansion) throw new Error(expansion.error)
        const names = [...expansion.names()]
        expect(names).toHaveLength(expansion.size)
        expect(new Set(names).size).toBe(names.length)
      }),
    )
    expect(expandNames('{1..999999999}'.repeat(40))).toMatchObject({ size: expect.any(Number) })
  })
})

describe('partitionField', () => {
  it.each([
    ['bucket(16, pk_id)', { transform: 'bucket', buckets: 16, column: 'pk_id' }],
    ['days(at)', { transform: 'days', column: 'at' }],
    ['months( at )', { transform: 'months', column: 'at' }],
    ['Region', { transform: 'identity', column: 'Region' }],
    ['bucket(0, a)', undefined],
    ['bucket(a)', undefined],
    ['hours(a)', undefined],
    ['a b', undefined],
    ['a; DROP TABLE b', undefined],
    ['a`', undefined],
  ])('%s', (text, field) => expect(partitionField(text)).toEqual(field))
})
