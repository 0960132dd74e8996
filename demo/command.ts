/** Runs the demo's commands: shown as a user would type them, their output passed through. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import pc from 'picocolors'
import { type EndingSignal, Interrupted, watchSignals } from '../cli/lib/interrupted.ts'
import { runningHere } from '../cli/lib/local-pointer.ts'
import { say } from './story.ts'

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...runningHere()?.env })

const signals = watchSignals()
let running: ChildProcess | undefined

// The demo ends by its running command ending, so that what it started is stopped in order.
void signals.first.then(() => {
  say(pc.yellow('\nstopping'))
  if (running) endGroup(running)
})

/** Whether a signal asked the demo to end. */
export const isInterrupted = (): boolean => signals.seen() !== undefined

const interruption = (signal: EndingSignal): Interrupted =>
  new Interrupted(signal, 'The demo was stopped, and its cloud with it. `npm run demo` starts it from the beginning.')

/** Throws Interrupted after a signal, Error if the command ends with another code than 0. */
export async function command(program: string, args: readonly string[]): Promise<void> {
  throwIfInterrupted()
  await succeeded(start(program, args, 'inherit'), shownAs(args))
  throwIfInterrupted()
}

/** A command that a signal neither prevents nor ends. */
export async function lastCommand(program: string, args: readonly string[]): Promise<void> {
  const child = start(program, args, 'inherit')
  running = undefined
  await succeeded(child, shownAs(args))
}

/** The JSON lines that a program prints. Throws as `command` does. */
export async function linesOf<Line>(program: string, args: readonly string[]): Promise<Line[]> {
  throwIfInterrupted()
  const child = start(program, args, ['ignore', 'pipe', 'inherit'])
  const lines: string[] = []
  const end = succeeded(child, args.join(' '))
  end.catch(() => {}) // awaited below: while lines still come, its failure would be nobody's
  if (child.stdout) for await (const line of createInterface(child.stdout)) lines.push(line)
  await end
  throwIfInterrupted()
  // Only now: of a program that a signal ended, the last line may be half of one.
  return lines.map((line) => JSON.parse(line) as Line)
}

function throwIfInterrupted(): void {
  const signal = signals.seen()
  if (signal) throw interruption(signal)
}

/** In a process group of its own: Ctrl-C on a terminal then reaches only us, and we end the command once, by SIGTERM. */
function start(program: string, args: readonly string[], stdio: 'inherit' | ['ignore', 'pipe', 'inherit']) {
  const isTidegate = args[0]?.endsWith('cli/main.ts')
  if (isTidegate) say(pc.dim(`$ ${shownAs(args)}`))
  const child = spawn(program, args, { stdio, detached: true, ...(isTidegate ? {} : { env: environment() }) })
  running = child
  return child
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGTERM')
  } catch {
    // It has just ended.
  }
}

const shownAs = (args: readonly string[]): string =>
  args[0]?.endsWith('cli/main.ts') ? `npx tidegate ${args.slice(1).map(shellWord).join(' ')}` : args.join(' ')

const shellWord = (word: string): string => (/^[\w./:-]+$/.test(word) ? word : `"${word}"`)

const succeeded = (child: ChildProcess, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const signal = signals.seen()
      if (code === 0) resolve()
      else reject(signal ? interruption(signal) : new Error(`\`${what}\` ended with code ${code}`))
    })
  })
