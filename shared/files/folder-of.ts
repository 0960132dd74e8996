/** Where a table's files lie, told from the key of one of them. */
import { InputError } from '../errors.ts'
import { type ParsedKey, parseKey, type Sources } from './parse-key.ts'

/** `in/Sales/Orders/2023/x.parquet` → `in/Sales/Orders/`. */
export function folderOf(key: string, sourceName: string, sources: Sources): string {
  const source = sources[sourceName]
  const prefix = source?.prefix ?? ''
  const depth = source?.layout === '{table}' ? 1 : 2
  return `${prefix}${key.slice(prefix.length).split('/').slice(0, depth).join('/')}/`
}

/** Undefined for a key that no source explains: of what never was a table's file, nothing follows. */
export function parsedKey(
  bucket: string,
  key: string,
  sources: Sources,
  stagingBucket = bucket,
): ParsedKey | undefined {
  try {
    return parseKey(bucket, key, sources, stagingBucket)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
