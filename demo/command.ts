/** Runs the demo's commands: shown as a user would type them, their output passed through. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import pc from 'picocolors'
import { runningHere } from '../cli/lib/local-pointer.ts'
import { say } from './story.ts'

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...runningHere()?.env })

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const
let interrupted: number | undefined

/** The exit code of the signal that asked the demo to end; undefined while none did. */
export const interruption = (): number | undefined => interrupted

// The demo ends by its running command ending, so that what it started is stopped in order.
for (const [name, code] of Object.entries(exitCodes) as [keyof typeof exitCodes, number][]) {
  process.on(name, () => {
    interrupted = code
    running?.kill(name)
  })
}

let running: ChildProcess | undefined

/** Throws if the command ends with another code than 0. */
export async function command(program: string, args: readonly string[]): Promise<void> {
  const shown = args[0]?.endsWith('cli/main.ts') ? `npx tidegate ${args.slice(1).map(shellWord).join(' ')}` : undefined
  if (shown) say(pc.dim(`$ ${shown}`))
  const child = spawn(program, args, { stdio: 'inherit' })
  await succeeded(child, shown ?? args.join(' '))
}

/** The JSON lines that a program prints. Throws if it ends with another code than 0. */
export async function linesOf<Line>(program: string, args: readonly string[]): Promise<Line[]> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: environment() })
  const lines: Line[] = []
  const end = succeeded(child, args.join(' '))
  for await (const line of createInterface(child.stdout)) lines.push(JSON.parse(line) as Line)
  await end
  return lines
}

const shellWord = (word: string): string => (/^[\w./:-]+$/.test(word) ? word : `"${word}"`)

const succeeded = (child: ChildProcess, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    running = child
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`\`${what}\` ended with code ${code}`))))
  })
