// @ts-check
/** Node: the modules from the lock file, and the runtime that runs the project's TypeScript as it stands. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runTool } from './command.mjs'
import { BootstrapError } from './errors.mjs'
import { inputHash, isStamped, stamp } from './stamp.mjs'

/** @type {import('./index.mjs').Step} */
export const nodeModules = {
  label: 'Node modules (npm)',
  missing: () => [],
  isReady: (root) => isStamped(join(root, 'node_modules'), hashOf(root)),
  async prepare({ root, signal, onLine }) {
    const hash = hashOf(root)
    const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
    const [command, ...before] = npm()
    await runTool(command, [...before, ...args], { cwd: root, signal, onLine })
    stamp(join(root, 'node_modules'), hash)
  },
}

/** @param {string} root */
const hashOf = (root) => inputHash(join(root, 'package-lock.json'))

/** The npm that runs us, else the one on the path. @returns {[string, ...string[]]} */
function npm() {
  const cli = process.env.npm_execpath
  return cli?.endsWith('npm-cli.js') && existsSync(cli) ? [process.execPath, cli] : ['npm']
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
    throw new BootstrapError(
      'TG9904',
      `Node \`${version}\` can't run TypeScript, and there is no pinned Node for \`${platform}-${arch}\`. Install Node 24 (macOS: \`brew install node@24\`; any system: \`nvm install 24\`) and run the command again`,
    )
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

/** @param {string | undefined} options */
const withFlag = (options) =>
  [options, '--experimental-strip-types', '--disable-warning=ExperimentalWarning'].filter(Boolean).join(' ')
