/** The emulator process: MiniStack on a loopback port, awaited until healthy, stopped so that its state is written. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EngineError } from '../../shared/errors.ts'
import { type GuardedProcess, startGuarded, tailOf } from '../processes/guarded.ts'
import { makeTemporary } from '../temporary.ts'
import { account, baseEnvironment, python, region, sdkEnvironment } from '../toolchain.ts'

export interface Emulator {
  /** `http://127.0.0.1:<port>` of the emulator itself; users see only the gateway. */
  readonly endpoint: string
  readonly logFile: string
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<number>
  /** When its state was written last, by this process or one before. */
  savedAtMs(): number | undefined
  /** Has it write its state now, beside what it does at its end; resolves when that is done, or after `saveWithinMs`. */
  save(): Promise<void>
  /** SIGTERM, then waits: the emulator writes its state only at an orderly end. */
  stop(): Promise<void>
}

export interface EmulatorOptions {
  /** The gateway's address. The emulator names itself by it, in queue URLs and to the functions it runs. */
  publicEndpoint: string
  logFile: string
  /** Where state is kept between runs; without it, everything is in memory. */
  stateDir?: string | undefined
  healthyWithinMs?: number
  /** Gives the port to take; default any free one. */
  choosePort?: () => Promise<number>
}

/** Somebody may take a free port between our look and the emulator's start. */
const ports = 3

/** Starts the emulator and waits until it answers. Throws TG5101 with the end of its log if it does not. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  for (let attempt = 1; ; attempt++) {
    const port = await (options.choosePort ?? freePort)()
    try {
      return await startOn(port, options)
    } catch (error) {
      const taken = error instanceof EngineError && /address already in use/i.test(error.message)
      if (!taken || attempt === ports) throw error
    }
  }
}

async function startOn(port: number, options: EmulatorOptions): Promise<Emulator> {
  const endpoint = `http://127.0.0.1:${port}`
  // Outside the project: a function's code is unpacked here, and must not find our node_modules by walking upwards.
  const temporary = makeTemporary('emulator')
  const guarded = startGuarded({
    // Not its own `main`: that listens on the port it names itself by, which here is the gateway's.
    command: [
      python(),
      '-m',
      'hypercorn',
      'tidegate_emulator:app',
      '--bind',
      `127.0.0.1:${port}`,
      '--keep-alive',
      '75',
      '--workers',
      '0',
    ],
    cwd: temporary,
    env: environment(options, temporary),
    logFile: options.logFile,
    scratch: temporary,
    graceSeconds: 20,
  })
  const { exited } = guarded
  try {
    await untilHealthy(endpoint, exited, options)
  } catch (error) {
    await guarded.stop()
    throw error
  }
  return {
    endpoint,
    logFile: options.logFile,
    exited,
    savedAtMs: () => savedAtMs(options.stateDir),
    save: () => save(guarded, options.stateDir),
    stop: async () => void (await guarded.stop()),
  }
}

function environment(options: EmulatorOptions, temporary: string): Record<string, string> {
  const self = new URL(options.publicEndpoint)
  const env: Record<string, string> = {
    ...baseEnvironment(),
    ...sdkEnvironment(options.publicEndpoint),
    HOME: temporary, // no SDK finds a profile of the user's there
    TMPDIR: temporary,
    PYTHONPATH: import.meta.dirname,
    MINISTACK_HOST: self.hostname,
    GATEWAY_PORT: self.port,
    MINISTACK_REGION: region,
    MINISTACK_ACCOUNT_ID: account,
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    DOCKER_HOST: `unix://${temporary}/no-docker`,
    PYTHONUNBUFFERED: '1',
  }
  if (options.stateDir !== undefined) {
    const objects = join(options.stateDir, 's3')
    // Of a first start that was killed before it was ready: buckets that no stack owns would be in the way of its deployment.
    if (savedAtMs(options.stateDir) === undefined) rmSync(objects, { recursive: true, force: true })
    mkdirSync(objects, { recursive: true })
    Object.assign(env, { PERSIST_STATE: '1', STATE_DIR: options.stateDir, S3_PERSIST: '1', S3_DATA_DIR: objects })
  }
  return env
}

/** When the newest of the emulator's state files was written; objects are in a directory of their own. */
function savedAtMs(stateDir: string | undefined): number | undefined {
  if (stateDir === undefined || !existsSync(stateDir)) return undefined
  const files = readdirSync(stateDir, { withFileTypes: true }).filter((entry) => entry.isFile())
  const times = files.map(({ name }) => statSync(join(stateDir, name)).mtimeMs)
  return times.length === 0 ? undefined : Math.max(...times)
}

const saveWithinMs = 10_000

async function save(guarded: GuardedProcess, stateDir: string | undefined): Promise<void> {
  if (stateDir === undefined) return
  const mark = () => statSync(join(stateDir, 'saved'), { throwIfNoEntry: false })?.mtimeMs
  const before = mark()
  const deadline = Date.now() + saveWithinMs
  let ended = false
  void guarded.exited.then(() => {
    ended = true
  })
  if (!guarded.tell('SIGUSR1')) return
  while (!ended && mark() === before && Date.now() < deadline) await delay(20)
}

async function untilHealthy(endpoint: string, exited: Promise<number>, options: EmulatorOptions): Promise<void> {
  const within = options.healthyWithinMs ?? 30_000
  const deadline = Date.now() + within
  let ended: number | undefined
  void exited.then((code) => {
    ended = code
  })
  while (ended === undefined && Date.now() < deadline) {
    if (await answers(`${endpoint}/_ministack/ready`)) return
    await delay(50)
  }
  const what =
    ended === undefined ? `was not healthy within ${within} ms` : `ended with exit code ${ended} while it started`
  const last = tailOf(options.logFile, 15).join('\n')
  throw new EngineError(
    'TG5101',
    `the emulator ${what}; the end of its log \`${options.logFile}\`:\n${last}\nRead the log, then start again.`,
    {
      certainty: 'transient',
    },
  )
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
