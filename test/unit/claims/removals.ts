/** A bucket whose objects can be deleted, and the events that S3 sends for it. */
import type { ObjectDeletedEvent } from '../../../shared/contracts/event.ts'
import { type Deletion, noteDeletion } from '../../../shared/landing/deletion.ts'
import { STAGING, type World } from './world.ts'

export const FOLDER = 'internal_staging/shop/orders/'
export const SOURCES = {
  operational: {
    prefix: 'internal_staging/',
    layout: '{schema}/{table}',
    shape: 'plain',
    file_names: 'any',
    full_load: { match: '*/*/LOAD*' },
  },
} as const

export function deletedEvent(
  world: Pick<World, 'clock'>,
  key: string,
  detail: object = {},
  object: object = {},
): ObjectDeletedEvent {
  return {
    id: 'f1',
    source: 'aws.s3',
    'detail-type': 'Object Deleted',
    time: new Date(world.clock.now()).toISOString(),
    detail: {
      bucket: { name: STAGING },
      object: { key, ...object },
      reason: 'DeleteObject',
      'deletion-type': 'Permanently Deleted',
      ...detail,
    },
  }
}

/** From now on the world's objects of `FOLDER` can be removed, until they are put again. */
export function removable(world: World) {
  const removed = new Set<string>()
  const { listed, head, put } = world.objects
  world.objects.listed = async function* (...args) {
    for await (const object of listed(...args)) if (!removed.has(object.key)) yield object
  }
  world.objects.head = async (bucket, key, etag) => (removed.has(key) ? undefined : head(bucket, key, etag))
  world.objects.put = async (bucket, key, body) => {
    removed.delete(key)
    await put(bucket, key, body)
  }
  const ports = { ...world, sources: async () => SOURCES, stagingBucket: STAGING }
  const take = (event: ObjectDeletedEvent): Promise<Deletion> => noteDeletion(event, ports)
  /** Deletes the objects within one second, as their names stand; their events, in that order. */
  const remove = (names: readonly string[], detail: object = {}) => {
    for (const name of names) removed.add(FOLDER + name)
    return names.map((name) => deletedEvent(world, FOLDER + name, detail))
  }
  return { ports, take, remove }
}
