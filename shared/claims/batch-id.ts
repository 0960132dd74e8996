/** The batch id: the same files of the same generation always give the same id, whoever asks and however often. */
import { createHash } from 'node:crypto'

/** `sha256:` and 64 hex digits over the JSON array of table, generation and the file ids in order, so that no two lists read alike. */
export function batchIdOf(table: string, generation: number, fileIds: readonly string[]): string {
  const text = JSON.stringify([table, generation, fileIds])
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
