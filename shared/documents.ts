/** Our own JSON documents on the control bucket: checked when they are read, and written once where that matters. */
import type { z } from 'zod'
import { complaintsOf } from './broken-contract.ts'
import { OurError } from './errors.ts'
import { shown } from './files/shown.ts'
import type { ObjectStore } from './ports/object-store.ts'

export interface Place {
  readonly bucket: string
  readonly key: string
}

export const bodyOf = (document: unknown): string => `${JSON.stringify(document, null, 1)}\n`

/** Undefined if it is absent; OurError TG9302 if it breaks its contract. */
export async function readDocument<S extends z.ZodType>(
  schema: S,
  place: Place,
  objects: Pick<ObjectStore, 'get'>,
): Promise<z.infer<S> | undefined> {
  const body = await objects.get(place.bucket, place.key)
  if (body === undefined) return undefined
  const parsed = schema.safeParse(jsonOf(body))
  if (parsed.success) return parsed.data
  throw new OurError(
    'TG9302',
    `\`s3://${shown(`${place.bucket}/${place.key}`)}\` breaks its contract: ${complaintsOf(parsed.error, 'document')}. Find out who wrote it; restore it, or report it.`,
  )
}

/** Writes `document` unless the place is taken, and returns what is there: the first writer decides for all. */
export async function writtenDocument<S extends z.ZodType>(
  schema: S,
  document: z.infer<S>,
  place: Place,
  objects: Pick<ObjectStore, 'get' | 'putIfAbsent'>,
): Promise<z.infer<S>> {
  if (await objects.putIfAbsent(place.bucket, place.key, bodyOf(document))) return document
  return (await readDocument(schema, place, objects)) ?? document
}

/** Parsed JSON, or undefined for text that is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
