import { marshall } from '@aws-sdk/util-dynamodb'
import { describe, expect, test } from 'vitest'
import { createDocumentClient } from '../../../shared/aws/clients.ts'
import { createDynamoConfigStore } from '../../../shared/aws/dynamodb-config-store.ts'
import { createDynamoFileLedger } from '../../../shared/aws/dynamodb-file-ledger.ts'
import { createDynamoTableLedger } from '../../../shared/aws/dynamodb-table-ledger.ts'
import { tableNames } from '../../../shared/aws/tables.ts'
import { claimed, landed, newName, runOf, settled } from '../../contract/support/items.ts'
import { type Answer, failure, type Json, type StubRequest, startStub } from './stub-service.ts'

/** The ledgers over a scripted service; our own pauses are counted, not waited for. */
async function scripted(answer: (request: StubRequest, index: number) => Answer) {
  const stub = await startStub(answer)
  const pauses: number[] = []
  const pause = async (attempt: number) => void pauses.push(attempt)
  const client = createDocumentClient(stub.overrides)
  const names = tableNames('odpf_')
  return {
    requests: stub.requests,
    pauses,
    files: createDynamoFileLedger(client, names, pause),
    tables: createDynamoTableLedger(client, names, pause),
    config: createDynamoConfigStore(client, names),
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  }
}

const cancelled = (...codes: string[]): Answer =>
  failure('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) })

describe('a write whose answer was lost', () => {
  const item = claimed(newName())

  test('and that had landed is told as written', async () => {
    await using ledger = await scripted((request, index) =>
      index === 0 ? 'lost' : failure('ConditionalCheckFailedException', { Item: request.json().Item }),
    )
    expect(await ledger.tables.replace(item, undefined)).toEqual({ written: true })
    expect(ledger.requests.map((request) => request.operation)).toEqual(['PutItem', 'PutItem'])
  })

  test('and that another writer overtook is told as lost, with the winner’s item', async () => {
    await using ledger = await scripted((request, index) => {
      const winner = { ...request.json().Item, claim_token: { N: '99' } }
      return index === 0 ? 'lost' : failure('ConditionalCheckFailedException', { Item: winner })
    })
    expect(await ledger.tables.replace(item, undefined)).toEqual({
      written: false,
      current: { ...item, claim_token: 99 },
    })
  })

  test('for good is read back: what is stored tells', async () => {
    let stored: unknown
    await using ledger = await scripted((request) => {
      if (request.operation === 'GetItem') return { body: { Item: stored } }
      stored = request.json().Item
      return 'lost'
    })
    expect(await ledger.tables.replace(item, undefined)).toEqual({ written: true })
  })

  test('for good, and that is not there, is of unknown outcome', async () => {
    await using ledger = await scripted(({ operation }) => (operation === 'GetItem' ? { body: {} } : 'lost'))
    const write = ledger.tables.replace(item, undefined)
    await expect(write).rejects.toMatchObject({ name: 'LedgerError', code: 'TG3112', certainty: 'unknown' })
    await expect(write).rejects.toThrow(`revision 1 of \`${item.raw_table_name}\``)
  })

  test('is repeated under the same token when it is a transaction', async () => {
    await using ledger = await scripted((_, index) => (index === 0 ? 'lost' : {}))
    expect(await ledger.tables.replace(item, undefined, runOf(item.raw_table_name, 'run-1', 1))).toEqual({
      written: true,
    })
    const tokens = ledger.requests.map((request) => request.json().ClientRequestToken)
    expect(tokens).toHaveLength(2)
    expect(tokens[0]).toMatch(/^[\w-]{36}$/)
    expect(tokens[1]).toBe(tokens[0])
  })

  test('of a landing is transient, since landing can be repeated', async () => {
    await using ledger = await scripted(() => 'lost')
    await expect(ledger.files.land(landed(newName(), 1))).rejects.toMatchObject({
      code: 'TG3111',
      certainty: 'transient',
    })
  })
})

describe('a transaction in conflict with another', () => {
  test('is repeated under the same token until it is through', async () => {
    await using ledger = await scripted((_, index) => (index < 2 ? cancelled('None', 'TransactionConflict') : {}))
    expect(await ledger.files.land(landed(newName(), 1))).toBe('landed')
    expect(ledger.pauses).toEqual([1, 2])
    expect(new Set(ledger.requests.map((request) => request.json().ClientRequestToken)).size).toBe(1)
  })

  test('for ever is transient, and bounded', async () => {
    await using ledger = await scripted(() => cancelled('TransactionConflict', 'None'))
    const landing = ledger.files.land(landed(newName(), 1))
    await expect(landing).rejects.toMatchObject({ code: 'TG3111', certainty: 'transient' })
    expect(ledger.requests).toHaveLength(12)
  })

  test('whose condition has failed as well is refused at once', async () => {
    await using ledger = await scripted(() => cancelled('ConditionalCheckFailed', 'TransactionConflict'))
    expect(await ledger.files.land(landed(newName(), 1))).toBe('already_settled')
    expect(ledger.requests).toHaveLength(1)
  })

  test('is refused for good when an item is not valid', async () => {
    await using ledger = await scripted(() => cancelled('None', 'ValidationError'))
    await expect(ledger.files.land(landed(newName(), 1))).rejects.toMatchObject({
      code: 'TG3110',
      certainty: 'terminal',
    })
    expect(ledger.requests).toHaveLength(1)
  })
})

describe('a move', () => {
  const table = newName()
  const moves = Array.from({ length: 60 }, (_, n) => ({ settled: settled(landed(table, n)) }))

  test('never has more than 100 items in a transaction, and proves the claim in each', async () => {
    await using ledger = await scripted(() => ({}))
    await ledger.files.move({ table, token: 7 }, moves)
    const parts = ledger.requests.map((request) => request.json().TransactItems)
    expect(parts.map((items: Json[]) => items.length)).toEqual([99, 23])
    for (const [first] of parts) expect(first.ConditionCheck.ExpressionAttributeValues[':token']).toEqual({ N: '7' })
  })

  test('that loses its claim halfway stops there', async () => {
    await using ledger = await scripted((_, index) => (index === 0 ? {} : cancelled('ConditionalCheckFailed')))
    await expect(ledger.files.move({ table, token: 7 }, moves)).rejects.toMatchObject({ code: 'TG3001' })
    expect(ledger.requests).toHaveLength(2)
  })

  test('goes on without the files that history has already', async () => {
    const three = moves.slice(0, 3)
    await using ledger = await scripted((_, index) =>
      index === 0 ? cancelled('None', 'None', 'None', 'ConditionalCheckFailed', 'None', 'None', 'None') : {},
    )
    await ledger.files.move({ table, token: 7 }, three)
    const puts = ledger.requests
      .at(-1)
      ?.json()
      .TransactItems.flatMap((item: Json) => item.Put?.Item.file_id.S ?? [])
    expect(puts).toEqual([three[0], three[2]].map((move) => move?.settled.file_id))
  })
})

describe('reading', () => {
  const stored = (request: StubRequest, key: Record<string, { S: string }>) => {
    expect(request.operation).toBe('BatchGetItem')
    return marshall(claimed(key.raw_table_name?.S ?? ''))
  }

  test('what DynamoDB left unprocessed is asked for again', async () => {
    const table = 'odpf_file_processing_tracker'
    await using ledger = await scripted((request) => {
      const keys = request.json().RequestItems[table].Keys
      const [now, later] = [keys.slice(0, 2), keys.slice(2)]
      const UnprocessedKeys = later.length > 0 ? { [table]: { Keys: later } } : {}
      return { body: { Responses: { [table]: now.map((key: Json) => stored(request, key)) }, UnprocessedKeys } }
    })
    const names = Array.from({ length: 5 }, newName)
    expect([...(await ledger.tables.getMany(names)).keys()]).toEqual(names)
    expect(ledger.requests).toHaveLength(3)
    expect(ledger.requests.every((request) => request.json().RequestItems[table].ConsistentRead === true)).toBe(true)
    expect(ledger.pauses).toEqual([1, 2])
  })

  test('what stays unprocessed is transient, and bounded', async () => {
    await using ledger = await scripted((request) => ({
      body: { Responses: {}, UnprocessedKeys: request.json().RequestItems },
    }))
    await expect(ledger.tables.getMany([newName()])).rejects.toMatchObject({ code: 'TG3111', certainty: 'transient' })
    expect(ledger.requests).toHaveLength(12)
  })

  test('an empty page is not the end', async () => {
    const LastEvaluatedKey = { source_table_name: { S: 'a' }, file_id: { S: 'b' } }
    await using ledger = await scripted((_, index) => ({
      body: index === 0 ? { Items: [], LastEvaluatedKey } : { Items: [] },
    }))
    expect(await ledger.files.waiting('a', 10)).toEqual([])
    expect(ledger.requests.map((request) => request.json().ExclusiveStartKey)).toEqual([undefined, LastEvaluatedKey])
    expect(ledger.requests.every((request) => request.json().ConsistentRead === true)).toBe(true)
  })
})

describe('errors of the service', () => {
  test.each([
    ['AccessDeniedException', 400, 'TG3110', 'terminal'],
    ['ResourceNotFoundException', 400, 'TG3110', 'terminal'],
    ['ValidationException', 400, 'TG3110', 'terminal'],
    ['ThrottlingException', 400, 'TG3111', 'transient'],
    ['InternalServerError', 500, 'TG3111', 'transient'],
  ])('%s (%i) on a read is %s, %s', async (type, status, code, certainty) => {
    await using ledger = await scripted(() => failure(type, {}, status))
    const reading = ledger.config.cadence('10_min_refresh')
    await expect(reading).rejects.toMatchObject({ name: 'LedgerError', code, certainty, cause: { name: type } })
    await expect(reading).rejects.toThrow('`10_min_refresh` of table `odpf_batch_config`')
  })

  test.each([
    ['ThrottlingException', 400, 'TG3111', 'transient'],
    ['InternalServerError', 500, 'TG3112', 'unknown'],
  ])('%s (%i) on a compare and set is %s, %s', async (type, status, code, certainty) => {
    await using ledger = await scripted(({ operation }) =>
      operation === 'GetItem' ? { body: {} } : failure(type, {}, status),
    )
    await expect(ledger.tables.replace(claimed(newName()), undefined)).rejects.toMatchObject({ code, certainty })
  })

  test('a defect of ours stays what it is', async () => {
    await using ledger = await scripted(() => ({}))
    const broken = { ...claimed(newName()), claim_owner: new Date(0) } as never
    await expect(ledger.tables.replace(broken, undefined)).rejects.not.toHaveProperty('code')
  })
})
