// @ts-check
/** Python: a virtual environment in `.venv` with every package of the lock file, each checked by its hash. */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { runTool } from './command.mjs'
import { BootstrapError } from './errors.mjs'
import { inputHash, isStamped, stamp } from './stamp.mjs'

const CANDIDATES = [
  'python3.11',
  'python3',
  '/opt/homebrew/opt/python@3.11/bin/python3.11',
  '/usr/local/opt/python@3.11/bin/python3.11',
]
const VERSION = 'import platform; print(platform.python_version())'
const PROBE = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info[:2] == (3, 11) else 1)'

/** @type {import('./index.mjs').Step} */
export const python = {
  label: 'Python packages (pip)',
  missing: (root) =>
    isBuilt(root) || findPython()
      ? []
      : [
          `Python 3.11 with its \`venv\` module (${foundPython()}). Debian, Ubuntu: \`sudo apt-get install python3.11 python3.11-venv\`; macOS: \`brew install python@3.11\`; any system: \`pyenv install 3.11\`, or \`uv python install 3.11\``,
        ],
  isReady: isBuilt,
  async prepare({ root, signal, onLine }) {
    const hash = hashOf(root)
    const venv = join(root, '.venv')
    if (lstatSync(venv, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new BootstrapError(
        'TG9906',
        `\`${venv}\` is a link, and building it anew would empty the environment that it leads to. Remove the link, and run the command again`,
      )
    const interpreter = findPython()
    if (!interpreter) throw new Error('Python 3.11 was there a moment ago and is gone; run the command again')
    const run = (/** @type {string} */ command, /** @type {string[]} */ args) =>
      runTool(command, args, { cwd: root, signal, onLine })
    await run(interpreter, ['-m', 'venv', '--clear', venv])
    // Not compiled ahead: that takes longer than all the rest, and Python compiles what it imports.
    await run(join(venv, 'bin', 'python'), [
      ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--no-compile'],
      ...['--require-hashes', '-r', join('spark-jobs', 'requirements.txt')],
    ])
    stamp(venv, hash)
  },
}

/** @param {string} root */
function isBuilt(root) {
  return existsSync(join(root, '.venv', 'bin', 'python')) && isStamped(join(root, '.venv'), hashOf(root))
}

/** The folder counts: the scripts of a virtual environment begin with its absolute path. @param {string} root */
const hashOf = (root) => inputHash(join(root, 'spark-jobs', 'requirements.txt'), root)

/** @returns {string | undefined} */
function findPython() {
  return CANDIDATES.find((command) => spawnSync(command, ['-c', PROBE], { stdio: 'ignore' }).status === 0)
}

/** What is there instead, for the message: 3.11 is named here when it lacks `venv` or `ensurepip`. */
function foundPython() {
  const found = CANDIDATES.flatMap((command) => {
    const version = spawnSync(command, ['-c', VERSION], { encoding: 'utf8' }).stdout?.trim()
    if (!version) return []
    return [`found \`${version}\` as \`${command}\`${version.startsWith('3.11.') ? ', without `venv`' : ''}`]
  })
  return found.join(', ') || 'found none'
}
