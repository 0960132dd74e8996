/**
 * Room on the disk of a data directory, which AWS never lacks and a laptop does: writes are refused while there is still some
 * left, and what is kept back lets the engines go on and the state be written at the end.
 */
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError, EngineError } from '../shared/errors.ts'

const mebibyte = 1024 ** 2
/** Kept back in a file, and given up when the disk is as good as full. */
const spareBytes = 16 * mebibyte
/** Below it nobody but our engines may write. */
const leastBytes = 8 * mebibyte
const lookEveryMs = 250

export interface DiskRoom {
  /** Why an object of so many bytes can't be put now; undefined when it can. */
  refusal(bytes: number): EngineError | undefined
  /** Gives up what was kept back. */
  close(): void
}

const opened = new Set<{ giveUp(): void }>()

/** Keeps room back on the disk of `directory`. Throws ConfigurationError TG1106 when there is none. */
export function openDiskRoom(directory: string): DiskRoom {
  const spare = join(directory, 'spare')
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  }
  const keepBack = (): void => writeFileSync(spare, Buffer.alloc(spareBytes, 1))
  let kept = true
  const room = {
    giveUp() {
      kept = false
      rmSync(spare, { force: true })
    },
  }
  rmSync(spare, { force: true }) // of one that was killed
  if (freeBytes() < spareBytes + leastBytes) throw tooLittle(directory, freeBytes())
  keepBack()
  opened.add(room)
  const look = (): void => {
    const free = freeBytes()
    if (kept && free < leastBytes) room.giveUp()
    else if (!kept && free > 2 * (spareBytes + leastBytes)) {
      keepBack()
      kept = true
    }
  }
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return {
    refusal: (bytes) => (kept && freeBytes() - bytes >= leastBytes ? undefined : full(directory)),
    close() {
      clearInterval(timer)
      opened.delete(room)
      room.giveUp()
    },
  }
}

/** Does `write`, which leaves nothing behind when it fails; on a full disk once more, with what was kept back. */
export function withRoom<T>(write: () => T): T {
  try {
    return write()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC' || opened.size === 0) throw error
    for (const room of opened) room.giveUp()
    return write()
  }
}

/** What a start that ran out of room throws, in words. */
export const startError = (error: unknown, directory: string): unknown =>
  (error as NodeJS.ErrnoException).code === 'ENOSPC' ? tooLittle(directory, 0) : error

const full = (directory: string): EngineError =>
  new EngineError(
    'TG5103',
    `the disk of \`${directory}\` is full; nothing was written. Make room there, then do it again.`,
    { certainty: 'transient' },
  )

const tooLittle = (directory: string, bytes: number): ConfigurationError =>
  new ConfigurationError(
    'TG1106',
    `the disk of \`${directory}\` has \`${(bytes / mebibyte).toFixed(1)} MiB\` left, and a local cloud needs \`${(spareBytes + leastBytes) / mebibyte} MiB\` to begin with. Make room there, or choose another directory with \`--data-dir\`.`,
  )
