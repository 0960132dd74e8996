// @ts-check
/** Runs a tool in a process group of its own, so that an interruption ends its grandchildren too, and keeps its first and last lines for the error. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { BootstrapError } from './errors.mjs'

/** npm says what is wrong first and then explains itself at length; pip and Maven say it last. */
const FIRST_LINES = 6
const LAST_LINES = 20
const GRACE_MS = 5_000

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {AbortSignal} signal ends the whole group: SIGTERM, then SIGKILL after 5 s
 * @property {(line: string) => void} onLine every line of stdout and stderr
 * @property {NodeJS.ProcessEnv} [env]
 */

/**
 * Resolves when the tool exits with 0.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<void>}
 * @throws {BootstrapError} TG9902 with the tool's first and last lines
 */
export function runTool(command, args, { cwd, signal, onLine, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    /** @type {string[]} */
    const said = []
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (line.trim() === '') return
        said.push(line)
        if (said.length > FIRST_LINES + LAST_LINES) said.splice(FIRST_LINES, 1)
        onLine(line)
      })
    }
    const stop = () => killGroup(child.pid)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    const failed = (/** @type {string} */ how) => {
      const lines = said.map((line) => `    ${line}`).join('\n')
      const shown = [command, ...args].join(' ')
      reject(new BootstrapError('TG9902', `\`${shown}\` ${how}\n${lines || '    (it printed nothing)'}`))
    }
    child.on('error', (error) => failed(`could not start: ${error.message}`))
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', stop)
      if (code === 0) resolve()
      else failed(killedBy ? `was ended by ${killedBy}` : `failed with exit code ${code}`)
    })
  })
}

/** @param {number | undefined} groupId */
function killGroup(groupId) {
  if (groupId === undefined) return
  const send = (/** @type {NodeJS.Signals} */ name) => {
    try {
      process.kill(-groupId, name)
    } catch {
      // The group has ended already.
    }
  }
  send('SIGTERM')
  setTimeout(() => send('SIGKILL'), GRACE_MS).unref()
}

/** Where a command is on the PATH. @param {string} command @returns {string | undefined} */
export function onSearchPath(command) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, command)
    if (folder !== '' && existsSync(candidate)) return candidate
  }
  return undefined
}
