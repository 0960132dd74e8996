/** Child processes that end when we end, whatever ends us: each runs below `guard.py`, which watches our pipe, and which we watch. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isAlive } from '../../scripts/bootstrap/lock.mjs'
import { python } from '../toolchain.ts'

const guard = fileURLToPath(new URL('guard.py', import.meta.url))

export interface GuardedProcess {
  /** Sends a signal to the command itself. False when it does not run. */
  tell(signal: NodeJS.Signals): boolean
  /** The command's exit code, 128 + n when signal n ended it. */
  readonly exited: Promise<number>
  /** Sends TERM, after the grace KILL to the whole group, and waits for the end. Harmless when it has ended. */
  stop(): Promise<number>
}

export interface GuardedOptions {
  command: readonly string[]
  cwd: string
  /** The whole environment: nothing is inherited, so neither secrets nor settings of the shell leak into the child. */
  env: Record<string, string>
  /** Both output streams are appended here. */
  logFile: string
  /** A directory of the command alone: removed at its end, even if we are dead by then. */
  scratch: string
  /** Time between TERM and KILL. */
  graceSeconds: number
}

/** Starts the command. Rejects nothing: a command that cannot start ends with a code other than 0 and says why in its log. */
export function startGuarded(options: GuardedOptions): GuardedProcess {
  const log = openSync(options.logFile, 'a')
  let child: ChildProcess
  try {
    child = spawn(
      python(),
      ['-S', guard, String(options.graceSeconds), options.logFile, options.scratch, ...options.command],
      {
        cwd: options.cwd,
        env: options.env,
        stdio: ['pipe', log, log, 'pipe'],
        detached: true, // Ctrl-C in a terminal reaches the group: we stop the parts in their order instead
      },
    )
  } finally {
    closeSync(log)
  }
  let group: number | undefined
  child.stdio[3]?.on('data', (text) => {
    group ??= Number(String(text))
  })
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? endWithoutGuard(group, options)))
    child.once('error', () => resolve(127))
  })
  const stop = () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    return exited
  }
  const running = () => child.exitCode === null && child.signalCode === null
  return { exited, stop, tell: (name) => group !== undefined && running() && signal(group, name) }
}

/** Does what the guard would have done, had nobody killed it; the same exit codes. */
async function endWithoutGuard(group: number | undefined, options: GuardedOptions): Promise<number> {
  if (group === undefined) return 128 + 9 // it had not begun
  const deadline = Date.now() + options.graceSeconds * 1_000
  signal(group, 'SIGTERM')
  while (isAlive(group) && Date.now() < deadline) await delay(20)
  const code = 128 + (isAlive(group) ? 9 : 15)
  signal(-group, 'SIGKILL')
  rmSync(options.scratch, { recursive: true, force: true, maxRetries: 5 })
  return code
}

/** False when it has ended. */
function signal(process_: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(process_, name)
  } catch {
    return false
  }
}

/** The last lines of a log file, at most `bytes` of it; empty when there is no file yet. */
export function tailOf(file: string, lines: number, bytes = 64 * 1024): string[] {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return []
  }
  try {
    const size = fstatSync(fd).size
    const buffer = Buffer.alloc(Math.min(size, bytes))
    readSync(fd, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines)
  } finally {
    closeSync(fd)
  }
}
