/** The small types that every document is made of: names, ids, URIs and times, each with its unit. */
import { z } from 'zod'

/** Milliseconds since the epoch. */
export const epochMs = z.int().nonnegative()
/** Whole seconds since the epoch: what S3's `LastModified` gives. */
export const epochSeconds = z.int().nonnegative()

/** Ledger key of a table: lower case `{schema}_{table}`, at most 255 characters, no control characters. */
export const ledgerKey = z
  .string()
  .min(1)
  .max(255)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  .regex(/^[^\u0000-\u001f\u007f/]+$/u, 'has a control character or a slash')

/** `<put time, 12 digits of epoch seconds>-<sha256>`: sorts by put time. */
export const fileId = z.string().regex(/^\d{12}-\S+$/)
/** SHA-256 of table + generation + the ordered file ids: the same files always give the same id. */
export const batchId = z.string().regex(/^sha256:[^\s/]+$/)
export const s3Uri = z.string().regex(/^(s3|file):\/\/.+/, 'is no s3:// URI')
/** A fencing token: grows by one with every claim of a table. */
export const token = z.int().positive()
/** `<execution name>-<batch>-<redrive count>`; goes into object keys, so no slash and no space. */
export const runId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\w.=:@-]+$/)
export const refreshCadence = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)

export type EpochMs = z.infer<typeof epochMs>
export type EpochSeconds = z.infer<typeof epochSeconds>
