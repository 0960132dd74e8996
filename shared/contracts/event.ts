/** S3's events as EventBridge delivers them (S3 user guide, EventBridge event message structure). Keys are raw, not URL-encoded. */
import { z } from 'zod'

export const objectCreatedEvent = z.looseObject({
  id: z.string().min(1),
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  time: z.string().min(1),
  detail: z.looseObject({
    bucket: z.looseObject({ name: z.string().min(1) }),
    object: z.looseObject({
      key: z.string().min(1),
      size: z.int().nonnegative(),
      etag: z.string().min(1),
      'version-id': z.string().optional(),
      sequencer: z.string().optional(),
    }),
    reason: z.string().optional(),
  }),
})

export const objectDeletedEvent = z.looseObject({
  id: z.string().min(1),
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Deleted'),
  time: z.iso.datetime(),
  detail: z.looseObject({
    bucket: z.looseObject({ name: z.string().min(1) }),
    object: z.looseObject({ key: z.string().min(1), 'version-id': z.string().optional() }),
    /** `DeleteObject`, or `Lifecycle Expiration`. */
    reason: z.string(),
    /** `Permanently Deleted`, or `Delete Marker Created`. */
    'deletion-type': z.string().optional(),
  }),
})

export const storageEvent = z.discriminatedUnion('detail-type', [objectCreatedEvent, objectDeletedEvent])

export type ObjectDeletedEvent = z.infer<typeof objectDeletedEvent>
export type StorageEvent = z.infer<typeof storageEvent>
export type ObjectCreatedEvent = z.infer<typeof objectCreatedEvent>
