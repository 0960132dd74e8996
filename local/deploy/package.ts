/** Packages serverless.yml as for AWS, once for the same sources: the result is kept below `.cache/package/`. */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { takeLock } from '../../scripts/bootstrap/lock.mjs'
import { EngineError } from '../../shared/errors.ts'
import { startGuarded, tailOf } from '../processes/guarded.ts'
import { makeTemporary } from '../temporary.ts'
import { baseEnvironment, projectRoot } from '../toolchain.ts'
import type { Template } from './template.ts'

export interface Package {
  /** Where zips and template are. */
  readonly directory: string
  readonly template: Template
  /** Bytes of a function's zip by the last part of its key, e.g. `fileManager.zip`. */
  zip(name: string): Uint8Array
  /** Bytes of the Spark job's files by the last part of their key. */
  jobFile(name: string): Uint8Array
}

export interface PackageOptions {
  stage: string
  /** Configuration file, relative to the project; default `tidegate.yml`. */
  config?: string | undefined
  log?: ((line: string) => void) | undefined
  /** Aborts: the packager and its children have ended when the promise rejects. */
  signal?: AbortSignal | undefined
}

/** What the package is made of. A change in any of it makes a new package. */
const sources = [
  'serverless.yml',
  'deploy',
  'functions',
  'shared',
  'state-machines',
  'spark-jobs/main.py',
  'spark-jobs/tidegate_job',
  'spark-jobs/requirements.txt',
  'package-lock.json',
  'tsconfig.json',
]

/** Takes the kept package of these sources or makes one. Throws TG5201 with the end of osls's output when it fails. */
export async function packageService(options: PackageOptions): Promise<Package> {
  const config = options.config ?? 'tidegate.yml'
  const cache = join(projectRoot, '.cache', 'package')
  mkdirSync(cache, { recursive: true })
  const directory = join(cache, `${options.stage}-${hashOf([...sources, config], config)}`)
  if (!existsSync(directory)) {
    // One at a time: osls and esbuild share a working directory in the project.
    const release = await takeLock(join(cache, 'lock'), options.signal ? { signal: options.signal } : {})
    try {
      if (!existsSync(directory)) await makePackage(directory, { ...options, config })
    } finally {
      release()
    }
    removeOlder(cache, options.stage, directory)
  }
  return openPackage(directory)
}

const openPackage = (directory: string): Package => ({
  directory,
  template: JSON.parse(readFileSync(join(directory, 'cloudformation-template-update-stack.json'), 'utf8')) as Template,
  zip: (name) => readFileSync(join(directory, name)),
  jobFile: (name) => readFileSync(join(directory, 'job', name)),
})

async function makePackage(
  directory: string,
  { stage, config, log, signal }: PackageOptions & { config: string },
): Promise<void> {
  log?.('packaging serverless.yml')
  const draft = `${directory}.draft`
  rmSync(draft, { recursive: true, force: true })
  const command = join(projectRoot, 'node_modules', 'osls', 'bin', 'serverless.js')
  const args = [command, 'package', '--stage', stage, '--package', draft, `--param=config=${config}`]
  const { code, output } = await run(args, `${draft}.log`, signal)
  if (signal?.aborted) {
    rmSync(draft, { recursive: true, force: true })
    throw signal.reason
  }
  if (code !== 0)
    throw new EngineError(
      'TG5201',
      `\`osls package\` ended with exit code \`${code}\`:\n${output.slice(-2_000)}\nRead it, then try again.`,
    )
  renameSync(draft, directory)
}

/** osls has been seen to hang on a child of its own; whoever waits for a package must not. */
const longestMs = 180_000

/** Runs the packager with a temporary directory of its own, where it leaves what it unpacked. Nothing of it outlives us. */
async function run(args: string[], logFile: string, signal?: AbortSignal): Promise<{ code: number; output: string }> {
  const scratch = makeTemporary('package')
  const quiet = { SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', FORCE_COLOR: '0' }
  const env = { ...baseEnvironment(), ...quiet, TMPDIR: scratch }
  rmSync(logFile, { force: true })
  const command = [process.execPath, ...args]
  const guarded = startGuarded({ command, cwd: projectRoot, env, logFile, scratch, graceSeconds: 1 })
  const end = () => void guarded.stop()
  const timer = setTimeout(end, longestMs)
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end, { once: true })
  try {
    const code = await guarded.exited
    return { code, output: tailOf(logFile, 100).join('\n') }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
    rmSync(logFile, { force: true })
  }
}

/** SHA-256 over names and bytes of every file, cut to 16 digits. */
function hashOf(paths: readonly string[], config: string): string {
  const hash = createHash('sha256').update(config)
  for (const file of paths.flatMap((path) => filesBelow(join(projectRoot, path))))
    hash.update(`\0${relative(projectRoot, file)}\0`).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name !== '__pycache__')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name }) => filesBelow(join(path, name)))
}

/** Only the newest few packages of a stage are worth their place. */
function removeOlder(cache: string, stage: string, newest: string): void {
  const kept = readdirSync(cache)
    .filter((name) => name.startsWith(`${stage}-`))
    .map((name) => join(cache, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const directory of kept.slice(3)) if (directory !== newest) rmSync(directory, { recursive: true, force: true })
}
