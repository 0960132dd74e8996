/** Identity of a landed file: sorts by put time, and no two different puts share it. */
import { createHash } from 'node:crypto'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { InputError } from '../errors.ts'

export interface PutObject {
  readonly bucket: string
  readonly key: string
  /** S3's version id; on a bucket without versions (`null` there) the etag tells puts of other bytes apart. */
  readonly versionId?: string | undefined
  readonly etag: string
  /** `LastModified`, whole seconds: a byte-identical file put again is a new file. */
  readonly putAtS: EpochSeconds
}

const PUT_TIME_DIGITS = 12

/** `<put time, 12 digits of epoch seconds>-<sha256>`. Throws InputError TG2012 for a time that 12 digits can't hold. */
export function fileIdOf(put: PutObject): string {
  const seconds = String(put.putAtS)
  if (!Number.isInteger(put.putAtS) || put.putAtS < 0 || seconds.length > PUT_TIME_DIGITS)
    throw new InputError(
      'TG2012',
      `put time \`${seconds}\` is no time in whole seconds: look at the object's LastModified`,
    )
  const version = put.versionId !== undefined && put.versionId !== 'null' ? put.versionId : undefined
  // A JSON array, since joined strings are ambiguous: bucket `a`, key `b/c` and bucket `a/b`, key `c`.
  const identity = [put.bucket, put.key, version === undefined ? 'etag' : 'version', version ?? put.etag, put.putAtS]
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex')
  return `${putTimePrefix(put.putAtS)}-${digest}`
}

/** What the ids of files put in that second begin with; it sorts before them, and behind all of earlier ones. */
export const putTimePrefix = (putAtS: EpochSeconds): string => String(putAtS).padStart(PUT_TIME_DIGITS, '0')
