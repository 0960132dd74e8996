/** A JSON document of one of our engines: held in memory, written whole and atomically when there is a file for it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { OurError } from '../shared/errors.ts'
import { withRoom } from './disk-room.ts'

export interface DocumentFile<T> {
  /** Change it in place, then `save`. */
  readonly value: T
  save(): void
}

/** Reads `file`, or starts with `initial` when there is none. Without a file nothing outlives us. Throws TG9101 on a broken one. */
export function openDocument<T>(file: string | undefined, initial: T): DocumentFile<T> {
  if (file === undefined) return { value: initial, save: () => undefined }
  mkdirSync(dirname(file), { recursive: true })
  const value = read<T>(file) ?? initial
  return {
    value,
    save: () => {
      withRoom(() => writeFileSync(`${file}.new`, JSON.stringify(value)))
      renameSync(`${file}.new`, file) // a reader, or we after a crash, sees the old or the new one, never half of it
    },
  }
}

function read<T>(file: string): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new OurError(
      'TG9101',
      `state file \`${file}\` is not JSON. Start with another data directory, and please report it.`,
      { cause },
    )
  }
}
