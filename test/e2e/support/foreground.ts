/** A program as a terminal's foreground job: a process group of its own that gets Ctrl-C as one, and everything it starts can be told. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'

export interface Foreground {
  /** What it printed so far, both streams. */
  readonly said: () => string
  /** Waits until it printed `text`. Throws if it ends before. */
  until(text: string): Promise<void>
  /** Sends the signal to the whole group, as a terminal does. */
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<number | null>
}

/** Starts it in `folder`, with temporary files in `folder`/tmp: that marks every process that it starts. */
export function foreground(
  program: string,
  args: readonly string[],
  folder: string,
  env: Record<string, string> = {},
): Foreground {
  const TMPDIR = join(folder, 'tmp')
  mkdirSync(TMPDIR, { recursive: true })
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, TMPDIR },
  })
  let text = ''
  let over = false
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      over = true
      resolve(code)
    }),
  )
  return {
    said: () => text,
    ended,
    async until(wanted) {
      await expect.poll(() => over || text.includes(wanted), { timeout: 300_000, interval: 50 }).toBe(true)
      expect(text).toContain(wanted)
    },
    signal: (name) => void process.kill(-(child.pid ?? Number.NaN), name),
  }
}

/** Command lines of the living processes that have to do with `folder`: by their arguments, environment or working folder. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const [line, environment, cwd] = [text(pid, 'cmdline'), text(pid, 'environ'), workingFolder(pid)]
      return [line, environment, cwd].some((of) => of.includes(folder)) ? [`${pid} ${line.replaceAll('\0', ' ')}`] : []
    })
}

function text(pid: string, name: string): string {
  try {
    return readFileSync(join('/proc', pid, name), 'latin1')
  } catch {
    return '' // it has ended, or is somebody else's
  }
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(join('/proc', pid, 'cwd'))
  } catch {
    return ''
  }
}
