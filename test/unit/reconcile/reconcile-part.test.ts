import { expect, it } from 'vitest'
import { landFile } from '../../../shared/landing/land-file.ts'
import { sourcesFrom } from '../../../shared/landing/sources.ts'
import { reconcilePart } from '../../../shared/reconcile/reconcile-part.ts'
import { CONTROL } from '../landing/support.ts'
import { minuteMs, reconcileFixture } from './support.ts'

const CURSOR = 'reconcile/cursor.json'
const keyOf = (n: number) => `in/Sales/Orders/LOAD${String(n).padStart(8, '0')}.parquet`

async function subject() {
  const { memory, ports, put } = await reconcileFixture()
  const partPorts = { ...ports, objects: memory.objects, controlBucket: CONTROL, youngMs: 10 * minuteMs }
  const cursor = async () => JSON.parse((await memory.objects.get(CONTROL, CURSOR)) ?? 'null')
  return { memory, put, partPorts, cursor, run: () => reconcilePart({}, partPorts) }
}

it('before anything is configured there is nothing to do, and nothing to complain of', async () => {
  const { memory, partPorts } = await subject()
  const sources = sourcesFrom(memory.objects, 'empty', memory.clock)
  expect(await reconcilePart({}, { ...partPorts, sources })).toEqual({ skipped: 'nothing_configured' })
})

it('any other trouble is thrown: a configuration that can’t be read, a bucket that does not answer', async () => {
  const { memory, partPorts } = await subject()
  await memory.objects.put('broken', 'config/sources.json', '{')
  const sources = sourcesFrom(memory.objects, 'broken', memory.clock)
  await expect(reconcilePart({}, { ...partPorts, sources })).rejects.toMatchObject({ code: 'TG1002' })
  const silent = () => Promise.reject(Object.assign(new Error('no answer'), { code: 'TG1001' }))
  await expect(reconcilePart({}, { ...partPorts, sources: silent })).rejects.toThrow('no answer')
})

it('a bucket that fits into its time leaves no cursor', async () => {
  const { memory, put, run, cursor } = await subject()
  await put()
  memory.clock.advance(10 * minuteMs)
  expect(await run()).toMatchObject({ landed: 1, complete: true })
  expect(await cursor()).toBeNull()
})

it('what does not fit is done by the next ones, each from where the last stopped', async () => {
  const { memory, put, partPorts, cursor } = await subject()
  const events = []
  for (let n = 0; n < 2_500; n++) events.push(await put(keyOf(n)))
  memory.clock.advance(10 * minuteMs)
  // Each look-up takes the whole time.
  const slow = {
    ...memory.census,
    known: (files: Parameters<typeof memory.census.known>[0]) => {
      memory.clock.advance(12 * minuteMs)
      return memory.census.known(files)
    },
  }
  const part = () => reconcilePart({}, { ...partPorts, census: slow })
  expect(await part()).toMatchObject({ landed: 1_000, complete: false, next: keyOf(999) })
  expect(await cursor()).toMatchObject({ start_after: keyOf(999) })
  expect(await part()).toMatchObject({ landed: 1_000, known: 0, next: keyOf(1_999) })
  expect(await part()).toMatchObject({ landed: 500, next: keyOf(2_499) })
  expect(await part()).toMatchObject({ landed: 0, objects: 0, complete: true, next: null })
  expect(await cursor()).toMatchObject({ start_after: null })
  expect(memory.signals.total('FilesReconciled')).toBe(2_500)
  const again = await Promise.all(events.map((event) => landFile(event, partPorts)))
  expect(new Set(again.map(({ result }) => result))).toEqual(new Set(['already_waiting']))
})
