/** Files that the job found overwritten: only a change file that it named, and whose newer put is settled, is given up. */
import { expect, test } from 'vitest'
import type { BadFile } from '../../../shared/contracts/outcome.ts'
import { supersedeOverwritten } from '../../../shared/settling/overwritten.ts'
import { claim, createWorld, type Lake, only, putFile, runJob, STAGING, settle, type World } from '../claims/world.ts'

const TABLE = 'shop_orders'
const named = (...ids: string[]): BadFile[] =>
  ids.map((file_id) => ({ file_id, stage: 'check', reason: 'overwritten', detail: '' }))
const waiting = async (world: World) => (await world.files.waiting(TABLE, 99)).map((file) => file.file_id)

/** Two settled change files, then late old puts of the same keys and one of a full load, all in one claim. */
async function lateOldPuts() {
  const world = await createWorld()
  const lake: Lake = new Map()
  const newer = [await putFile(world, TABLE, '1.parquet', 'a'), await putFile(world, TABLE, '2.parquet', 'b')]
  const first = await claim(world, 'e1')
  await runJob(world, lake, first)
  await settle(world, 'e1', first)
  const old = newer.map((file, n) => ({ ...file, file_id: `00000000000${n}-old`, put_at_s: n, etag: `old ${n}` }))
  for (const file of old) await world.files.land(file)
  const planned = await only(world, await claim(world, 'e2'))
  return { world, planned, ids: old.map((file) => file.file_id), newer }
}

test('a file that nobody named stays, though its newer put is settled too', async () => {
  const { world, planned, ids } = await lateOldPuts()
  await supersedeOverwritten(planned, named(ids[0] ?? ''), world)
  expect(await waiting(world)).toEqual([ids[1]])
  expect(await world.files.settled(TABLE, ids[0] ?? '')).toMatchObject({
    file_ingestion_status: 'raw_file_superseded',
    reason: 'overwritten',
  })
})

test('nobody named: nothing is looked at', async () => {
  const { world, planned, ids } = await lateOldPuts()
  const files = { ...world.files, waiting: () => Promise.reject(new Error('looked')) }
  await supersedeOverwritten(planned, [], { ...world, files })
  expect(await waiting(world)).toEqual(ids)
})

test('a file of a full load stays: its newer put is a reload', async () => {
  const { world, planned, ids } = await lateOldPuts()
  const asFull: World['files']['waiting'] = async (table, limit) =>
    (await world.files.waiting(table, limit)).map((file) => ({ ...file, dms_file_type: 'Full' }))
  await supersedeOverwritten(planned, named(...ids), { ...world, files: { ...world.files, waiting: asFull } })
  expect(await waiting(world)).toEqual(ids)
})

test('one whose object is gone stays, and so does one whose own bytes are there', async () => {
  const { world, planned, ids, newer } = await lateOldPuts()
  const head: World['objects']['head'] = async (bucket, key) => {
    if (key === newer[0]?.file_ingestion_path) return undefined
    const found = await world.objects.head(bucket, key)
    return found && { ...found, put_at_s: 1_999_999_999 } // a put that nobody has landed
  }
  await supersedeOverwritten(planned, named(...ids), { ...world, objects: { ...world.objects, head } })
  expect(await waiting(world)).toEqual(ids)
  expect(await world.objects.head(STAGING, newer[0]?.file_ingestion_path ?? '')).toBeDefined()
})
