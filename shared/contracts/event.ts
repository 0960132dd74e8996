/** S3's `Object Created` event as EventBridge delivers it, and the SQS message around it. Keys are raw, not URL-encoded. */
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

export type ObjectCreatedEvent = z.infer<typeof objectCreatedEvent>
