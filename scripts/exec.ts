/** Runs one tool of the test and check commands: streams its lines with a prefix, and ends its whole process group when time is up. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Command {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Ran {
  /** Exit code; 128 and more when a signal ended it, as a shell counts. */
  readonly code: number
  readonly timedOut: boolean
  readonly seconds: number
}

const GRACE_MS = 5_000
const groups = new Set<number>()

/** Ends every tool that still runs, with its children. */
export function endAll(signal: NodeJS.Signals = 'SIGTERM'): void {
  for (const group of groups) endGroup(group, signal)
}

/** Resolves when the tool has ended, however it did; `onLine` gets stdout and stderr, line by line. */
export function run({ argv, cwd, env }: Command, onLine: (line: string) => void, timeoutMs: number): Promise<Ran> {
  const [file = '', ...args] = argv
  const since = performance.now()
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...colour(), ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (child.pid !== undefined) groups.add(child.pid)
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      onLine(`out of time after ${(timeoutMs / 60_000).toFixed(1)} min: ended`)
      if (child.pid !== undefined) endGroup(child.pid, 'SIGTERM')
      setTimeout(() => child.pid !== undefined && endGroup(child.pid, 'SIGKILL'), GRACE_MS).unref()
    }, timeoutMs)
    const done = (code: number) => {
      clearTimeout(timer)
      if (child.pid !== undefined) groups.delete(child.pid)
      child.stdout.destroy()
      child.stderr.destroy()
      resolve({ code, timedOut, seconds: (performance.now() - since) / 1000 })
    }
    child.on('error', (error) => {
      onLine(`\`${file}\` could not start: ${error.message}`)
      done(127)
    })
    let exitCode = 1
    child.on('exit', (code) => {
      exitCode = code ?? 137
      // What it left behind in its group is ended; what left the group may hold its output open for ever.
      if (child.pid !== undefined) endGroup(child.pid, 'SIGTERM')
      setTimeout(() => done(exitCode), GRACE_MS).unref()
    })
    child.on('close', () => done(exitCode))
  })
}

/** Tools see a pipe: whether they may colour depends on what we write to. */
const colour = (): Record<string, string> =>
  process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }

function endGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // It has ended already.
  }
}
