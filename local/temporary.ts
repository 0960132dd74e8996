/** Temporary directories that name their owner, so that one that was killed leaves nothing for long: the next start removes it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../scripts/bootstrap/lock.mjs'

const prefix = 'tidegate-'
/** Process ids mean nothing on another machine, or in another container, that shares the directory. */
const here = hostname()
  .replace(/[^A-Za-z0-9]/g, '')
  .slice(0, 20)

/** A new `tidegate-<kind>-<host>-<our process id>-<random>`. Removes those of the same kind and host whose owner is dead. */
export function makeTemporary(kind: string, parent = tmpdir()): string {
  const mine = `${prefix}${kind}-${here}-`
  for (const name of readdirSync(parent)) {
    const owner = name.startsWith(mine) ? /^(\d+)-\w+$/.exec(name.slice(mine.length))?.[1] : undefined
    if (owner !== undefined && !isAlive(Number(owner))) removeLeft(join(parent, name))
  }
  return mkdtempSync(join(parent, `${mine}${process.pid}-`))
}

function removeLeft(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // Another user's, or its guard is just removing it.
  }
}
