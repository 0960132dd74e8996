/** Runs the command line as a user does: another process, its own working folder. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export const root = join(import.meta.dirname, '..', '..', '..')
const main = join(root, 'cli', 'main.ts')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of its own with a local cloud in it; `close` stops the cloud and removes the folder. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'tidegate-e2e-'))

  async tidegate(...args: string[]): Promise<Ended> {
    return run(process.execPath, [main, ...args], this.folder)
  }

  /** The JSON result of a command that must succeed. */
  async json<Result>(...args: string[]): Promise<Result> {
    const ended = await this.tidegate('--json', ...args)
    if (ended.code !== 0) throw new Error(`tidegate ${args.join(' ')} ended with ${ended.code}:\n${ended.stderr}`)
    return JSON.parse(ended.stdout) as Result
  }

  async close(): Promise<void> {
    await this.tidegate('local', 'down')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const closed = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { code, stdout, stderr }
}
