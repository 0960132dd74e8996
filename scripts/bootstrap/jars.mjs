// @ts-check
/** Jars: what spark-jobs/pom.xml pins, copied by Maven into one folder once, because nothing may resolve at run time. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runTool } from './command.mjs'
import { BootstrapError } from './errors.mjs'
import { inputHash, isStamped, stamp } from './stamp.mjs'

const OLDEST_MAVEN = [3, 8]

/** @type {import('./index.mjs').Step} */
export const jars = {
  label: 'Jars (Maven)',
  missing(root) {
    if (isReady(root)) return []
    const version = mavenVersion()
    if (version && !isOlder(version, OLDEST_MAVEN)) return []
    const found = version ? ` (found \`${version.join('.')}\`)` : ' (found none)'
    return [
      `Maven ${OLDEST_MAVEN.join('.')} or later${found}. Debian, Ubuntu: \`sudo apt-get install maven\`; macOS: \`brew install maven\``,
    ]
  },
  isReady,
  async prepare({ root, signal, onLine }) {
    const hash = hashOf(root)
    const folder = join(root, '.jars')
    const work = join(root, '.tmp', 'jars')
    const [draft, old] = [join(work, 'new'), join(work, 'old')]
    rmSync(work, { recursive: true, force: true })
    mkdirSync(draft, { recursive: true })
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${draft}`]
    const args = [
      '--batch-mode',
      '--no-transfer-progress',
      '--strict-checksums',
      '-f',
      join('spark-jobs', 'pom.xml'),
      ...goal,
    ]
    await runTool('mvn', args, { cwd: root, signal, onLine })
    if (!readdirSync(draft).some((name) => name.endsWith('.jar'))) {
      throw new BootstrapError(
        'TG9902',
        '`mvn dependency:copy-dependencies` ended well and copied no jar; look at `spark-jobs/pom.xml`',
      )
    }
    stamp(draft, hash)
    if (existsSync(folder)) renameSync(folder, old)
    renameSync(draft, folder)
    rmSync(work, { recursive: true, force: true })
  },
}

/** @param {string} root */
function isReady(root) {
  return isStamped(join(root, '.jars'), hashOf(root))
}

/** @param {string} root */
const hashOf = (root) => inputHash(join(root, 'spark-jobs', 'pom.xml'))

/** @returns {number[] | undefined} */
function mavenVersion() {
  const asked = spawnSync('mvn', ['--version'], { encoding: 'utf8' })
  return /Apache Maven (\d+(?:\.\d+)*)/
    .exec(asked.stdout ?? '')?.[1]
    ?.split('.')
    .map(Number)
}

/** @param {number[]} version @param {number[]} than */
export function isOlder(version, than) {
  for (const [place, wanted] of than.entries()) {
    const have = version[place] ?? 0
    if (have !== wanted) return have < wanted
  }
  return false
}
