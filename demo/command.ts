/** Runs the demo's commands: shown as a user would type them, their output passed through. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import pc from 'picocolors'
import { runningHere } from '../cli/lib/local-pointer.ts'
import { say } from './story.ts'

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...runningHere()?.env })

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

const succeeded = (child: ReturnType<typeof spawn>, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`\`${what}\` ended with code ${code}`))))
  })
