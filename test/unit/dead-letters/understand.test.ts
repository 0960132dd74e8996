import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redacted } from '../../../shared/dead-letters/redact.ts'
import { understand } from '../../../shared/dead-letters/understand.ts'
import type { DeadLetter } from '../../../shared/ports/dead-letters.ts'
import { eventFor, KEY, STAGING } from '../landing/support.ts'
import { MACHINE, startOf } from './support.ts'

const sources = { dms: { prefix: 'in/', layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' } } as const
const letter = (body: string, attributes: Record<string, string> = {}): DeadLetter => ({
  id: 'm1',
  queue: 'FileManager',
  body,
  sent_ms: 0,
  receives: 1,
  attributes,
  receipt: 'r',
})
const read = (body: string, attributes?: Record<string, string>) =>
  understand(letter(body, attributes), sources, STAGING)

describe('understanding', () => {
  it('an event tells its table and key', () => {
    expect(read(JSON.stringify(eventFor(KEY, 'e', 1)))).toMatchObject({
      kind: 'event',
      table: 'sales_orders',
      about: KEY,
      error: null,
    })
  })

  it('an event that landing refuses tells the error, by number', () => {
    expect(read(JSON.stringify(eventFor('elsewhere/x.parquet', 'e', 1)))).toMatchObject({
      kind: 'event',
      table: null,
      error: expect.stringContaining('TG2005'),
    })
    expect(read(JSON.stringify(eventFor(KEY, 'e', 1, 'theirs'))).error).toContain('TG2014')
  })

  it('without applied sources an event tells its key only', () => {
    const event = letter(JSON.stringify(eventFor(KEY, 'e', 1)))
    expect(understand(event, undefined, STAGING)).toMatchObject({ kind: 'event', table: null, about: KEY })
  })

  it('a start tells its cadence, and what the scheduler says of the failure', () => {
    expect(read(startOf('e1'), { ERROR_CODE: 'AccessDenied', ERROR_MESSAGE: 'no right' })).toEqual({
      kind: 'start',
      table: null,
      about: 'nightly',
      error: 'AccessDenied: no right',
      execution: { machine: MACHINE, name: 'e1', input: '{"refresh_cadence":"nightly"}' },
    })
  })

  it('a start whose input tells no cadence is one all the same', () => {
    const body = JSON.stringify({ StateMachineArn: MACHINE, Name: 'e1', Input: '{"cadence":"nightly"}' })
    expect(read(body)).toMatchObject({ kind: 'start', about: null, execution: { input: '{"cadence":"nightly"}' } })
    for (const part of ['StateMachineArn', 'Name', 'Input'])
      expect(read(JSON.stringify({ ...JSON.parse(body), [part]: '' }))).toMatchObject({
        kind: 'other',
        execution: null,
      })
  })

  it('a reconciliation is told by the function that it was for', () => {
    const of = (TARGET_ARN: string) => read('{}', { TARGET_ARN }).kind
    expect(of('arn:aws:lambda:eu-west-1:000000000000:function:tidegate-dev-reconcile')).toBe('reconcile')
    expect(of('arn:aws-cn:lambda:cn-north-1:000000000000:function:tidegate-dev-reconcile')).toBe('reconcile')
    expect(of('arn:aws:lambda:eu-west-1:000000000000:function:tidegate-dev-reconcile-2')).toBe('other')
    expect(of('arn:aws:sqs:eu-west-1:000000000000:tidegate-dev-reconcile')).toBe('other')
    expect(of('x arn:aws:lambda:eu-west-1:000000000000:function:tidegate-dev-reconcile')).toBe('other')
    expect(read('{}').kind).toBe('other')
  })

  it('what the rule says of a failure comes before what the key tells, escaped', () => {
    const stray = JSON.stringify(eventFor('elsewhere/x.parquet', 'e', 1))
    const error = (attributes: Record<string, string>) => read(stray, attributes).error
    expect(error({ ERROR_CODE: 'NO_PERMISSIONS' })).toBe('NO_PERMISSIONS')
    expect(error({ ERROR_MESSAGE: 'no\u0007 right' })).toBe('no\\u0007 right')
    expect(error({ ERROR_CODE: '', ERROR_MESSAGE: 'm' })).toBe('m')
    expect(error({})).toMatch(/^TG2005/)
  })

  it('an event that landing would ignore has no table, and nothing is wrong with it', () => {
    expect(read(JSON.stringify(eventFor('in/a/b/_SUCCESS', 'e', 0)))).toEqual({
      kind: 'event',
      table: null,
      about: 'in/a/b/_SUCCESS',
      error: null,
      execution: null,
    })
  })

  it('any body and any attributes are something, and never an exception', () => {
    const texts = fc.oneof(fc.string(), fc.json(), fc.constant(startOf('e1').slice(0, 40)))
    fc.assert(
      fc.property(texts, fc.dictionary(fc.string(), fc.string()), (body, attributes) => {
        expect(['event', 'start', 'reconcile', 'other']).toContain(read(body, attributes).kind)
        expect(() => JSON.stringify(redacted(body))).not.toThrow()
      }),
    )
  })
})

describe('redacting', () => {
  const event = {
    ...eventFor(KEY, 'e', 1),
    account: '111122223333',
    detail: { ...eventFor(KEY, 'e', 1).detail, requester: '111122223333', 'source-ip-address': '10.1.2.3' },
  }

  it('shows what tells an event, and counts the rest', () => {
    expect(redacted(JSON.stringify(event))).toEqual({
      id: 'f1',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2023-11-18T10:10:00Z',
      detail: {
        bucket: { name: STAGING },
        object: { key: KEY, size: 1, etag: 'e', '…': '<1 hidden>' },
        reason: 'PutObject',
        '…': '<2 hidden>',
      },
      '…': '<1 hidden>',
    })
  })

  it('shows nothing of what is no JSON object, and no value of a field that it does not know', () => {
    for (const body of [
      'secret',
      '"secret"',
      '["secret"]',
      '{"a":"secret"}',
      '{"secret":1}',
      '{"detail":{"x":{"key":"secret"}}}',
      '{"id":{"secret":"secret"}}',
      '{"secret":{"id":1}}',
      '{"detail":{"secret":{"name":"x"}}}',
      '{"detail":null,"secret":null}',
    ])
      expect(JSON.stringify(redacted(body))).not.toContain('secret')
  })

  it('tells what is no JSON object by its length and a digest, so that twins are known as such', () => {
    expect(redacted('secret')).toBe('<6 characters, sha256 2bb80d537b1d…>')
    expect(redacted('[]')).toMatch(/^<2 characters, sha256 [0-9a-f]{12}…>$/)
  })
})
