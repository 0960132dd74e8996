/**
 * Where a local cloud keeps things, and the lock that lets only one work on them.
 *
 *     local.json           {pid, port, endpoint, started_at, data_dir} while it runs: how the command line finds it; also the lock
 *     port                 the port of the first start: queue URLs and function settings carry it, so it stays
 *     emulator/            MiniStack's state; objects in emulator/s3/<bucket>/
 *     glue-runs.json, glue-jobs.json, event-sources.json, schedules.json, step-functions/
 *     runs/<run id>/       one Glue run: script, modules, driver.log
 *     logs/                a file for each component
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isAlive } from '../scripts/bootstrap/lock.mjs'
import { ConfigurationError } from '../shared/errors.ts'
import { makeTemporary } from './temporary.ts'

const defaultPort = 4666

/** What `local.json` says of a running local cloud. */
export interface LocalCloudState {
  pid: number
  port: number
  endpoint: string
  started_at: string
  data_dir: string
}

export interface DataDir {
  readonly path: string
  file(name: string): string
  /** The path when state is kept, else `undefined`: what `openDocument` takes. */
  kept(name: string): string | undefined
  /** The port to open: the one of the first start, if there was one, else the one asked for, else 4666, the default. Throws TG1104 on another one. */
  port(asked: number | undefined): number
  /** Whether there was a first start, whose port it is bound to. */
  hasPort(): boolean
  /** Writes `local.json` in full, and the port. */
  announce(endpoint: string, port: number): void
  /** Frees the lock; a temporary directory is removed. */
  close(): void
}

/** Opens and locks a data directory, or a temporary one. Throws TG1103 when a living process uses it. */
export function openDataDir(asked: string | undefined): DataDir {
  const path = asked === undefined ? makeTemporary('local') : resolve(asked)
  const keeps = asked !== undefined
  const file = (name: string) => join(path, name)
  for (const directory of ['logs', 'runs']) mkdirSync(file(directory), { recursive: true })
  lock(file('local.json'), path)
  return {
    path,
    file,
    kept: (name) => (keeps ? file(name) : undefined),
    port: (wanted) => choosePort(file('port'), wanted),
    hasPort: () => existsSync(file('port')),
    announce(endpoint, port) {
      const state: LocalCloudState = {
        pid: process.pid,
        port,
        endpoint,
        started_at: new Date().toISOString(),
        data_dir: path,
      }
      writeFileSync(file('local.json'), `${JSON.stringify(state)}\n`)
      writeFileSync(file('port'), `${port}\n`)
    },
    close() {
      rmSync(keeps ? file('local.json') : path, { recursive: true, force: true })
    },
  }
}

/** The local cloud that runs on a data directory, `undefined` when none does (or it died). */
export function runningOn(dataDir: string): LocalCloudState | undefined {
  const state = stateIn(join(resolve(dataDir), 'local.json'))
  return state !== undefined && isAlive(state.pid) ? state : undefined
}

function lock(file: string, path: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const fd = openSync(file, 'wx')
      writeSync(fd, `${JSON.stringify({ pid: process.pid })}\n`)
      closeSync(fd)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = stateIn(file)
    if (owner !== undefined && isAlive(owner.pid)) {
      const where = owner.endpoint === undefined ? 'it is starting' : `it answers at \`${owner.endpoint}\``
      throw new ConfigurationError(
        'TG1103',
        `data directory \`${path}\` is in use by the local cloud with process id \`${owner.pid}\`; ${where}. Stop it with \`tidegate local down\`, or choose another directory.`,
      )
    }
    rmSync(file, { force: true }) // its owner is dead
  }
  throw new ConfigurationError('TG1103', `data directory \`${path}\` is being opened by another process. Try again.`)
}

function choosePort(file: string, wanted: number | undefined): number {
  const recorded = Number(readText(file)?.trim() ?? 0)
  if (recorded === 0) return wanted ?? defaultPort
  if (wanted === recorded || wanted === undefined || wanted === 0) return recorded
  throw new ConfigurationError(
    'TG1104',
    `the data directory was made on port \`${recorded}\`, and its queue URLs carry it, but port \`${wanted}\` was asked for. Start it on \`${recorded}\`, or with a new data directory.`,
  )
}

function stateIn(file: string): LocalCloudState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LocalCloudState
  } catch {
    return undefined // no file, or a writer was killed in the middle
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
