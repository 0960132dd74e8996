// @ts-check
/** Node: the modules from the lock file, and the runtime that runs the project's TypeScript as it stands. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { onSearchPath, runTool } from './command.mjs'
import { BootstrapError } from './errors.mjs'
import { inputHash, isStamped, stamp } from './stamp.mjs'

const HERE = `${process.platform}-${process.arch}`

/** Where the lock file brings a Node of its own, as `optionalDependencies` of package.json. */
const PINNED_FOR = ['linux-x64', 'linux-arm64']

/** @type {import('./index.mjs').Step} */
export const nodeModules = {
  label: 'Node modules (npm)',
  missing(root) {
    const missing = PINNED_FOR.includes(HERE) || typeStripping(process.versions.node) !== 'none' ? [] : [newerNode()]
    if (!isReady(root) && !npm()) {
      missing.push('npm, which most Node installers bring along. Debian, Ubuntu: `sudo apt-get install npm`')
    }
    return missing
  },
  isReady,
  async prepare({ root, signal, onLine }) {
    const hash = hashOf(root)
    const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
    const [command, ...before] = npm() ?? ['npm']
    await runTool(command, [...before, ...args], { cwd: root, signal, onLine })
    stamp(join(root, 'node_modules'), hash)
  },
}

/** @param {string} root */
function isReady(root) {
  return isStamped(join(root, 'node_modules'), hashOf(root))
}

/** @param {string} root */
const hashOf = (root) => inputHash(join(root, 'package-lock.json'))

/** The npm that runs us, else the one on the path. @returns {[string, ...string[]] | undefined} */
function npm() {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('npm-cli.js') && existsSync(cli)) return [process.execPath, cli]
  const found = onSearchPath('npm')
  return found ? [found] : undefined
}

/**
 * The Node to run the project with, and the environment it needs: the pinned one on Linux, else the host's.
 * @param {string} root
 * @param {{ version?: string, execPath?: string, platform?: string, arch?: string }} [host]
 * @returns {{ command: string, env: Record<string, string> }}
 * @throws {BootstrapError} TG9904
 */
export function nodeRuntime(
  root,
  {
    version = process.versions.node,
    execPath = process.execPath,
    platform = process.platform,
    arch = process.arch,
  } = {},
) {
  const pinned = join(root, 'node_modules', `node-${platform}-${arch}`, 'bin', 'node')
  if (existsSync(pinned)) return { command: pinned, env: {} }
  const stripping = typeStripping(version)
  if (stripping === 'none') {
    throw new BootstrapError('TG9904', `${newerNode(version, `${platform}-${arch}`)}, and run the command again`)
  }
  return { command: execPath, env: stripping === 'flag' ? { NODE_OPTIONS: withFlag(process.env.NODE_OPTIONS) } : {} }
}

/**
 * Type stripping came behind a flag and needs none since 22.18 and 23.6; below 22.13 the tools of the lock file don't start.
 * @param {string} version
 * @returns {'default' | 'flag' | 'none'}
 */
export function typeStripping(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) return 'default'
  if (major === 23 || (major === 22 && minor >= 13)) return 'flag'
  return 'none'
}

const newerNode = (version = process.versions.node, here = HERE) =>
  `Node 24: \`${version}\` can't run TypeScript, and no Node is pinned for \`${here}\`. macOS: \`brew install node@24\`; any system: \`nvm install 24\``

/** @param {string | undefined} options */
const withFlag = (options) =>
  [options, '--experimental-strip-types', '--disable-warning=ExperimentalWarning'].filter(Boolean).join(' ')
