import fc from 'fast-check'
import { expect, test } from 'vitest'
import { succeededOf } from '../../../local/event-sources/batch-response.ts'

const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 10 })
const listed = (failed: readonly unknown[]) =>
  JSON.stringify({ batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) })

test('named messages fail, the others succeed', () => {
  fc.assert(
    fc.property(ids, fc.infiniteStream(fc.boolean()), (all, picks) => {
      const failed = all.filter(() => picks.next().value)
      const succeeded = succeededOf(all, listed(failed), true)
      expect([...succeeded, ...failed].toSorted()).toEqual(all.toSorted())
    }),
  )
})

test('one identifier that is not of the batch fails all of it, wherever it stands', () => {
  const wrong = fc.constantFrom('', null, undefined, 7, {}, 'nobody', ' ')
  fc.assert(
    fc.property(ids, wrong, fc.nat(), (all, stranger, at) => {
      const failed: unknown[] = all.slice(1) // without it the first message would succeed
      failed.splice(at % all.length, 0, stranger)
      expect([...succeededOf(all, listed(failed), true)]).toEqual([])
    }),
  )
})

test.each(['', 'null', '{}', '{"batchItemFailures": null}', '{"batchItemFailures": []}', '"text"', '7', '[]'])(
  'the answer %j is success',
  (payload) => {
    expect([...succeededOf(['a', 'b'], payload, true)]).toEqual(['a', 'b'])
  },
)

test.each([
  '{',
  'ok',
  '{"batchItemFailures": "a"}',
  '{"batchItemFailures": {}}',
  '{"batchItemFailures": ["a"]}',
  '{"batchItemFailures": [{"id": "a"}]}',
])('the answer %j fails the batch', (payload) => {
  expect([...succeededOf(['a', 'b'], payload, true)]).toEqual([])
})

test('without ReportBatchItemFailures the answer does not count', () => {
  expect([...succeededOf(['a', 'b'], listed(['a']), false)]).toEqual(['a', 'b'])
  expect([...succeededOf(['a', 'b'], 'no json', false)]).toEqual(['a', 'b'])
})
