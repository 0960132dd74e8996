// @ts-check
/** One bootstrap at a time: a lock file that names its owner, and that survives neither its owner's death nor its silence. */
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BootstrapError } from './errors.mjs'

const HEARTBEAT_MS = 2_000
const SILENT_MS = 60_000
const POLL_MS = 250

/** @typedef {{ nonce: string, pid: number, host: string, since: number }} Owner */

/**
 * Waits for the lock and resolves to its release.
 * @param {string} path
 * @param {{ onWait?: (owner: Owner) => void, patienceMs?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<() => void>}
 * @throws {BootstrapError} TG9903 after `patienceMs` (default 20 minutes)
 */
export async function takeLock(path, { onWait, patienceMs = 20 * 60_000, signal } = {}) {
  mkdirSync(dirname(path), { recursive: true })
  const me = { nonce: randomUUID(), pid: process.pid, host: hostname(), since: Date.now() }
  const giveUpAt = Date.now() + patienceMs
  let told = false
  while (!create(path, me)) {
    const owner = read(path)
    if (owner && isStale(path, owner)) removeStale(path, owner)
    else if (owner) {
      if (!told) onWait?.(owner)
      told = true
      if (Date.now() > giveUpAt) {
        const who = `process \`${owner.pid}\` on \`${owner.host}\``
        throw new BootstrapError(
          'TG9903',
          `${who} holds the lock \`${path}\`; end that process, or delete the file if it has nothing to do with Tidegate`,
        )
      }
      await sleep(POLL_MS, undefined, signal ? { signal } : {})
    }
  }
  const beat = setInterval(() => touch(path, me), HEARTBEAT_MS)
  beat.unref()
  return () => {
    clearInterval(beat)
    if (read(path)?.nonce === me.nonce) rmSync(path, { force: true })
  }
}

/** Creates the file with its content in one step (a hard link fails if the name exists). @param {string} path @param {Owner} me */
function create(path, me) {
  const draft = `${path}.${me.nonce}`
  writeFileSync(draft, JSON.stringify(me))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** @param {string} path @returns {Owner | undefined} */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** On this machine a living process is believed however silent (it may be stopped); another machine's is judged by its heartbeat. @param {string} path @param {Owner} owner */
function isStale(path, owner) {
  if (owner.host !== hostname()) return silentFor(path) > SILENT_MS
  const bootedAt = Date.now() - uptime() * 1000
  return owner.since < bootedAt || !isAlive(owner.pid)
}

/** Whether a process of this machine runs, also one that is not ours to signal; a negative number is a process group. @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/** Whether it has ended, and only waits for its parent to fetch its exit code. @param {number} pid */
function isZombie(pid) {
  try {
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false // a group, or a system without /proc
  }
}

/** Milliseconds since the file was last touched. @param {string} path */
function silentFor(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}

/** @param {string} path @param {Owner} me */
function touch(path, me) {
  if (read(path)?.nonce === me.nonce) utimesSync(path, new Date(), new Date())
}

/**
 * Removes a dead owner's lock. Two waiters may both see it dead: without the guard the second would remove the first one's new lock.
 * @param {string} path
 * @param {Owner} seen
 */
function removeStale(path, seen) {
  const guard = `${path}.guard`
  try {
    mkdirSync(guard)
  } catch {
    if (silentFor(guard) > SILENT_MS) rmSync(guard, { recursive: true, force: true })
    return
  }
  try {
    if (read(path)?.nonce === seen.nonce) rmSync(path, { force: true })
  } finally {
    rmdirSync(guard)
  }
}
