import { beforeEach, describe, expect, it } from 'vitest'
import { choose, giveBack, HIDE_SECONDS, type Letter } from '../../../shared/dead-letters/choose.ts'
import { discard, replay, replayAll } from '../../../shared/dead-letters/replay.ts'
import { landFile } from '../../../shared/landing/land-file.ts'
import { claimed, settled } from '../../contract/support/items.ts'
import { eventFor, KEY } from '../landing/support.ts'
import { deadLetterFixture, startOf } from './support.ts'

let world: Awaited<ReturnType<typeof deadLetterFixture>>
beforeEach(async () => {
  world = await deadLetterFixture()
})
const all = () => true
const ofTable = (table: string) => (letter: Letter) => letter.what.table === table
const depths = async () => Promise.all(world.ports.queues.map(async (queue) => (await queue.depth()).waiting))
const waiting = () => world.memory.files.waiting('sales_orders', 100)

describe('choosing', () => {
  it('keeps what is wanted hidden from others, and gives the rest back', async () => {
    const { queues, ports } = world
    const wanted = queues.FileManager.put(JSON.stringify(eventFor(KEY, 'e', 1)))
    for (let n = 0; n < 25; n++)
      queues.FileManager.put(JSON.stringify(eventFor(`in/a/b/LOAD0000000${n % 9}.csv`, 'e', 1)))
    queues.LandingRule.put('{')
    const chosen = await choose(ofTable('sales_orders'), 100, ports)
    expect(chosen.letters.map(({ id }) => id)).toEqual([wanted])
    expect(await depths()).toEqual([25, 1, 0])
    expect((await choose(ofTable('sales_orders'), 100, ports)).letters).toEqual([])
    await giveBack(chosen.letters)
    expect(await depths()).toEqual([26, 1, 0])
  })

  it('takes no more than was asked for, and says that there are more', async () => {
    const { queues, ports } = world
    for (let n = 0; n < 30; n++) queues.FileManager.put('x')
    expect(await choose(all, 30, ports)).toMatchObject({ more: false })
    world.memory.clock.advance(HIDE_SECONDS * 1000)
    const chosen = await choose(all, 7, ports)
    expect([chosen.letters.length, chosen.more]).toEqual([7, true])
    expect((await depths())[0]).toBe(23)
  })

  it('says that there are more also when one call of the queue gave exactly what was asked for', async () => {
    for (let n = 0; n < 11; n++) world.queues.FileManager.put('x')
    const chosen = await choose(all, 10, world.ports)
    expect([chosen.letters.length, chosen.more]).toEqual([10, true])
  })

  it('gives back at once what several queues have beyond that, and says until when the rest is ours', async () => {
    const { queues, ports, memory } = world
    for (const queue of [queues.FileManager, queues.LandingRule, queues.Scheduler])
      for (let n = 0; n < 5; n++) queue.put('x')
    const chosen = await choose(all, 5, ports)
    expect(chosen).toMatchObject({ more: true, until_ms: memory.clock.now() + HIDE_SECONDS * 1000 })
    expect((await depths()).reduce((sum, depth) => sum + depth, 0)).toBe(10)
    expect(chosen.letters.every(({ body }) => body === 'x')).toBe(true)
  })

  it('understands by the sources that are applied, and without any tells keys only', async () => {
    const { queues, ports } = world
    queues.FileManager.put(JSON.stringify(eventFor(KEY, 'e', 1)))
    const { letters } = await choose(all, 9, { ...ports, sources: async () => undefined })
    expect(letters[0]?.what).toMatchObject({ kind: 'event', table: null, about: KEY })
  })
})

describe('replaying', () => {
  it('hands events of both queues to the file manager, and starts and reconciliations to whom they were for', async () => {
    const { queues, ports, redelivery, deliver, put } = world
    queues.FileManager.put(JSON.stringify(await put()))
    queues.LandingRule.put(JSON.stringify(await put('in/Sales/Orders/LOAD00000002.parquet')), {
      ERROR_CODE: 'NO_PERMISSIONS',
    })
    queues.Scheduler.put(startOf('execution-1'))
    const function_ = 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-dev-reconcile'
    queues.Scheduler.put('{}', { TARGET_ARN: function_ })
    expect(await replayAll(ports)).toEqual({ replayed: 4, stayed: 0, reasons: [] })
    expect(await depths()).toEqual([0, 0, 0])
    expect(await deliver()).toEqual(['landed', 'landed'])
    expect(redelivery.done).toMatchObject({ started: ['execution-1'], reconciled: 1 })
  })

  it('twice, or while the original is in flight, changes nothing more', async () => {
    const { queues, ports, deliver, put, landing } = world
    const event = await put()
    const body = JSON.stringify(event)
    for (let n = 0; n < 3; n++) queues.FileManager.put(body)
    queues.Scheduler.put(startOf('execution-1'))
    queues.Scheduler.put(startOf('execution-1'))
    await Promise.all([replayAll(ports), replayAll(ports), landFile(event, landing)])
    expect(await deliver()).toEqual(['already_waiting', 'already_waiting', 'already_waiting'])
    expect(await waiting()).toHaveLength(1)
    expect(world.redelivery.done.started).toEqual(['execution-1'])
  })

  it('a letter whose file was settled long ago changes nothing', async () => {
    const { queues, ports, deliver, put, landing, memory } = world
    const event = await put()
    await landFile(event, landing)
    await memory.tables.replace(claimed('sales_orders'), undefined)
    const moves = (await waiting()).map((file) => ({ settled: settled(file) }))
    await memory.files.move({ table: 'sales_orders', token: 7 }, moves)
    memory.clock.advance(14 * 24 * 60 * 60_000)
    queues.FileManager.put(JSON.stringify(event))
    await replayAll(ports)
    expect(await deliver()).toEqual(['already_settled'])
    expect(await waiting()).toEqual([])
  })

  it('a crash between sending and removing leaves the letter, whose second replay changes nothing', async () => {
    const { queues, ports, deliver, put } = world
    queues.FileManager.put(JSON.stringify(await put()))
    const dying = { ...queues.FileManager, remove: async () => Promise.reject(new Error('killed')) }
    expect(await replayAll({ ...ports, queues: [dying] })).toMatchObject({ replayed: 0, stayed: 1 })
    expect(await replayAll(ports)).toMatchObject({ replayed: 1 })
    expect(await deliver()).toEqual(['landed', 'already_waiting'])
  })

  it('a letter that nobody can use stays where it is, and stops no other', async () => {
    const { queues, ports, put } = world
    queues.Scheduler.put(startOf('execution-1', 'arn:aws:states:us-east-1:666666666666:stateMachine:theirs'))
    queues.LandingRule.put('no JSON `at` all')
    for (let n = 0; n < 25; n++)
      queues.LandingRule.put(JSON.stringify(await put(`in/Sales/Orders/LOAD${String(n).padStart(8, '0')}.parquet`)))
    const result = await replayAll(ports)
    expect(result).toMatchObject({ replayed: 25, stayed: 2 })
    const ids = result.reasons.map(({ id }) => id)
    const said = (n: number, queue: string, why: string) =>
      `TG5620: the letter \`${ids[n]}\` of \`${queue}\` can't be replayed: ${why}. Look with \`tidegate dlq show ${ids[n]}\`, then discard it.`
    const theirs =
      "it names the state machine `arn:aws:states:us-east-1:666666666666:stateMachine:theirs`, which is not this deployment's"
    expect(result.reasons.map(({ reason }) => reason)).toEqual([
      said(0, 'LandingRule', 'it is neither an event of S3 nor the start of a schedule'),
      said(1, 'Scheduler', theirs),
    ])
    expect(world.redelivery.done.started).toEqual([])
    expect(await depths()).toEqual([0, 1, 1])
  })

  it('says of twenty at most why they stay, and gives all of them back', async () => {
    const { queues, ports } = world
    for (let n = 0; n < 15; n++) for (const queue of [queues.FileManager, queues.LandingRule]) queue.put('{')
    const result = await replayAll(ports)
    expect([result.replayed, result.stayed, result.reasons.length]).toEqual([0, 30, 20])
    const { letters } = await choose(all, 100, ports)
    const again = await replay(letters, ports)
    expect([again.replayed, again.stayed, again.reasons.length]).toEqual([0, 30, 20])
    expect(again).not.toHaveProperty('stay')
    expect(await depths()).toEqual([15, 15, 0])
  })

  it('gives back what it had met when a queue can no longer be read', async () => {
    const { queues, ports } = world
    for (let n = 0; n < 3; n++) queues.FileManager.put('{')
    let takes = 0
    const failing = {
      ...queues.FileManager,
      take: (seconds: number) =>
        takes++ === 0 ? queues.FileManager.take(seconds) : Promise.reject(new Error('throttled')),
    }
    await expect(replayAll({ ...ports, queues: [failing] })).rejects.toThrow('throttled')
    takes = 0
    await expect(choose(() => false, 9, { ...ports, queues: [failing] })).rejects.toThrow('throttled')
    expect(await depths()).toEqual([3, 0, 0])
  })

  it('a whole queue goes by the queue service where that can move it', async () => {
    const { queues, ports, redelivery } = world
    for (let n = 0; n < 3; n++) queues.FileManager.put('x')
    const moving = { ...redelivery, moveAll: async (queue: string) => (queue === 'FileManager' ? 3 : undefined) }
    expect(await replayAll({ ...ports, redelivery: moving })).toEqual({ replayed: 3, stayed: 0, reasons: [] })
    expect(redelivery.done.landed).toEqual([])
  })

  it('only what was chosen', async () => {
    const { queues, ports, put, deliver } = world
    queues.FileManager.put(JSON.stringify(await put()))
    queues.FileManager.put(JSON.stringify(await put('in/Sales/Items/LOAD00000001.parquet')))
    const { letters } = await choose(ofTable('sales_items'), 10, ports)
    expect(await replay(letters, ports)).toMatchObject({ replayed: 1 })
    expect(await deliver()).toEqual(['landed'])
    expect(await depths()).toEqual([1, 0, 0])
  })
})

describe('discarding', () => {
  it('removes what was chosen, and nothing that came since', async () => {
    const { queues, ports } = world
    queues.FileManager.put('x')
    const chosen = await choose(all, 10, ports)
    queues.FileManager.put('y')
    expect(await discard(chosen, ports)).toBe(1)
    expect(await depths()).toEqual([1, 0, 0])
  })

  it('refuses when the letters may be in other hands by now', async () => {
    const { queues, ports, memory } = world
    queues.FileManager.put('x')
    const chosen = await choose(all, 10, ports)
    memory.clock.advance(HIDE_SECONDS * 1000)
    await expect(discard(chosen, ports)).rejects.toMatchObject({
      code: 'TG5621',
      message:
        'TG5621: the 1 letters were shown over 5 minutes ago, and others may have them by now. Nothing was discarded; look again.',
    })
    expect(await depths()).toEqual([1, 0, 0])
  })

  it('still does it in the last moment that they are surely ours', async () => {
    const { queues, ports, memory } = world
    queues.FileManager.put('x')
    const chosen = await choose(all, 10, ports)
    memory.clock.advance(HIDE_SECONDS * 1000 - 1)
    expect(await discard(chosen, ports)).toBe(1)
  })
})
