// @ts-check
/** Makes ready what a command needs (node modules, Python, jars, Java) and hands over to the pinned Node. Node 20 built-ins only. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BootstrapError, Interrupted } from './errors.mjs'
import { jars } from './jars.mjs'
import { java } from './java.mjs'
import { takeLock } from './lock.mjs'
import { nodeModules, nodeRuntime } from './node.mjs'
import { startProgress } from './progress.mjs'
import { python } from './python.mjs'

/**
 * @typedef {{ root: string, signal: AbortSignal, onLine: (line: string) => void }} StepContext
 * @typedef {object} Step
 * @property {string} label
 * @property {(root: string) => string[]} missing prerequisites of the host that the step would need now, each with how to get it
 * @property {(root: string) => boolean} isReady milliseconds, no child process
 * @property {(context: StepContext) => Promise<void>} prepare can be interrupted anywhere: what it leaves is not ready, and is built anew
 * @typedef {'node' | 'python' | 'jars' | 'java'} Need
 */

/** @type {Record<Need, Step>} */
const STEPS = { node: nodeModules, python, jars, java }

/** What is the host's or the caller's to mend, against work that failed. */
const HOSTS_TO_MEND = ['TG9901', 'TG9904', 'TG9905', 'TG9906']

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** The repository's folder. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/**
 * Builds what is missing, one bootstrap at a time, independent steps side by side; says on stderr what it does, and nothing when there is nothing to do.
 * @param {Need[]} needs
 * @param {{ root?: string, steps?: Record<string, Step> }} [options]
 * @throws {BootstrapError} TG9901 names every missing prerequisite at once, before any work; TG9902 a tool failed
 * @throws {Interrupted} after SIGINT, SIGTERM or SIGHUP, when the tools have ended
 */
export async function ensureReady(needs, { root = ROOT, steps = STEPS } = {}) {
  const wanted = needs.map((need) => /** @type {Step} */ (steps[need]))
  const missing = wanted.flatMap((step) => step.missing(root))
  if (missing.length > 0)
    throw new BootstrapError(
      'TG9901',
      `something is not installed:\n${missing.map((line) => `  - ${line}`).join('\n')}\nInstall it and run the command again`,
    )
  if (wanted.every((step) => step.isReady(root))) return

  const interruption = listenForSignals()
  const progress = startProgress({ labels: wanted.map((step) => step.label) })
  try {
    const release = await takeLock(join(root, '.tmp', 'bootstrap.lock'), {
      signal: interruption.signal,
      onWait: (owner) =>
        progress.print(`  … another bootstrap is at work (process ${owner.pid} on ${owner.host}); waiting for it`),
    })
    try {
      const pending = wanted.filter((step) => !step.isReady(root))
      if (pending.length > 0) progress.print('Preparing Tidegate: only the first time, and when a lock file changes')
      // Settled, not all: the lock is held until the last tool has ended, also when another one failed.
      const ends = await Promise.allSettled(pending.map((step) => prepare(step, root, interruption.signal, progress)))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    } finally {
      release()
    }
  } catch (error) {
    if (interruption.exitCode() !== undefined) throw new Interrupted(interruption.exitCode() ?? 1)
    throw error
  } finally {
    progress.stop()
    interruption.dispose()
  }
}

/**
 * @param {Step} step
 * @param {string} root
 * @param {AbortSignal} signal
 * @param {import('./progress.mjs').Progress} progress
 */
async function prepare(step, root, signal, progress) {
  progress.begin(step.label)
  try {
    await step.prepare({ root, signal, onLine: (line) => progress.detail(step.label, line) })
    progress.end(step.label, true)
  } catch (error) {
    progress.end(step.label, false)
    throw error
  }
}

function listenForSignals() {
  const controller = new AbortController()
  /** @type {number | undefined} */
  let exitCode
  const handlers = SIGNALS.map((name) => {
    const handler = () => {
      exitCode ??= 128 + constants.signals[name]
      controller.abort()
    }
    process.on(name, handler)
    return /** @type {const} */ ([name, handler])
  })
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose: () => {
      for (const [name, handler] of handlers) process.off(name, handler)
    },
  }
}

/**
 * Runs a file of the repository under the project's Node and exits as it does: the same code, or 128 + the signal's number.
 * @param {string} entry path relative to the repository
 * @param {string[]} [args]
 * @param {{ root?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<never>}
 */
export async function reexec(entry, args = [], { root = ROOT, env = {} } = {}) {
  const runtime = nodeRuntime(root)
  const child = spawn(runtime.command, [join(root, entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...runtime.env, ...env },
  })
  for (const name of SIGNALS) {
    // On a terminal Ctrl-C reaches the whole foreground group, the child too: passing it on would deliver it twice.
    process.on(name, () => {
      if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name)
    })
  }
  const code = await new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(new BootstrapError('TG9904', `\`${runtime.command}\` could not start: ${error.message}`)),
    )
    child.on('close', (exitCode, signal) => resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
  process.exit(code)
}

/**
 * The whole way of a command: ready, run, exit. Failures of the bootstrap are printed, not thrown.
 * @param {Need[]} needs
 * @param {string} entry
 * @param {string[]} args
 * @param {{ env?: Record<string, string> }} [options]
 * @returns {Promise<never>}
 */
export async function readyThenRun(needs, entry, args, options = {}) {
  try {
    await ensureReady(needs)
    return await reexec(entry, args, options)
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.exitCode)
    if (!(error instanceof BootstrapError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(HOSTS_TO_MEND.includes(error.code) ? 2 : 1)
  }
}
