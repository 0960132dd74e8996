/** Is everything on this machine that the commands need? */
import { stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { projectRoot } from '../../../local/toolchain.ts'
import { jars } from '../../../scripts/bootstrap/jars.mjs'
import { findJavaHome, java } from '../../../scripts/bootstrap/java.mjs'
import { python } from '../../../scripts/bootstrap/python.mjs'
import { size } from '../human.ts'
import { runningHere } from '../local-pointer.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const PORT = 4666
const ENOUGH_DISK_BYTES = 2 * 1024 ** 3
const PATIENCE_MS = 5_000

export async function machineFindings(): Promise<Finding[]> {
  return [
    ok('node', process.versions.node),
    tool('python', python, 'Python 3.11, with every package of the lock file'),
    tool('java', java, `Java 17 in ${findJavaHome()}`),
    tool('jars', jars, 'as pinned'),
    await disk(projectRoot),
    ...(await dataDisk()),
    await localCloud(),
  ]
}

interface Step {
  readonly missing: (root: string) => string[]
  readonly isReady: (root: string) => boolean
}

/** Asks the bootstrap itself, so that both always agree. */
function tool(about: string, step: Step, ready: string): Finding {
  const missing = step.missing(projectRoot)
  if (missing.length > 0) return fail(about, 'not installed, or of another version', `install ${missing.join('; ')}`)
  if (step.isReady(projectRoot)) return ok(about, ready)
  return warn(about, 'not set up yet', 'nothing: the first command that needs it sets it up (`npm run demo` does)')
}

/** The local cloud's data may lie on another disk. */
async function dataDisk(): Promise<Finding[]> {
  const dataDir = runningHere()?.dataDir
  if (dataDir === undefined || (await stat(dataDir)).dev === (await stat(projectRoot)).dev) return []
  return [await disk(dataDir)]
}

async function disk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder)
  const free = `${size(bavail * bsize)} free in ${folder}`
  return bavail * bsize >= ENOUGH_DISK_BYTES
    ? ok('disk', free)
    : warn('disk', free, `make room: the tools and a local cloud need about ${size(ENOUGH_DISK_BYTES)}`)
}

async function localCloud(): Promise<Finding> {
  const cloud = runningHere()
  if (cloud === undefined)
    return ok('local cloud', `none in this folder; ${(await isFree(PORT)) ? `port ${PORT} is free` : taken}`)
  try {
    const { status } = await fetch(cloud.endpoint, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (status === 503) return warn('local cloud', `${cloud.endpoint} is starting`, 'wait a moment, and ask again')
    return ok('local cloud', `${cloud.endpoint} (process ${cloud.pid}, data in ${cloud.dataDir})`)
  } catch {
    return fail('local cloud', `${cloud.endpoint} does not answer`, '`tidegate local down`, then `tidegate local up`')
  }
}

const taken = `port ${PORT} is taken, so \`tidegate local up\` takes a free one`

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
