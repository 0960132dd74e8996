// @ts-check
/** Java 17: finds it, and points JAVA_HOME at it for Spark and Maven. Spark 3.5 runs on 8, 11 and 17; Iceberg 1.10 needs 11 or more, and 17 is what Glue 5 runs. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onSearchPath } from './command.mjs'

const WANTED = 17

/** @type {import('./index.mjs').Step} */
export const java = {
  label: 'Java 17',
  missing() {
    const home = findJavaHome()
    if (!home) return [missingJava()]
    process.env.JAVA_HOME = home
    return []
  },
  isReady: () => true,
  prepare: async () => {},
}

/** What is needed, and what is there instead. @param {Iterable<string>} [homes] */
export function missingJava(homes = candidates()) {
  const seen = [...new Set(homes)].map((home) => /** @type {const} */ ([home, versionOf(home)]))
  const found = seen.flatMap(([home, version]) => (version ? [`found \`${version}\` in \`${home}\``] : []))
  const wrongHome = process.env.JAVA_HOME
  if (wrongHome && !versionOf(wrongHome)) found.push(`JAVA_HOME is \`${wrongHome}\`, where none is`)
  return `Java ${WANTED} (${found.join(', ') || 'found none'}). Debian, Ubuntu: \`sudo apt-get install openjdk-17-jre-headless\`; macOS: \`brew install openjdk@17\`; if it is elsewhere, set JAVA_HOME to it`
}

/** The first Java home of version 17: JAVA_HOME, `java` on the path, then the usual places. @returns {string | undefined} */
export function findJavaHome() {
  for (const home of candidates()) if (majorOf(home) === WANTED) return home
  return undefined
}

function* candidates() {
  if (process.env.JAVA_HOME) yield process.env.JAVA_HOME
  const onPath = onSearchPath('java')
  if (onPath) yield dirname(dirname(realpathSync(onPath)))
  const places = '/usr/lib/jvm'
  if (existsSync(places))
    for (const name of readdirSync(places)) if (name.includes(String(WANTED))) yield join(places, name)
  for (const prefix of ['/opt/homebrew', '/usr/local'])
    yield join(prefix, 'opt', `openjdk@${WANTED}`, 'libexec/openjdk.jdk/Contents/Home')
  if (process.platform === 'darwin') {
    const found = spawnSync('/usr/libexec/java_home', ['-v', String(WANTED)], { encoding: 'utf8' })
    if (found.status === 0) yield found.stdout.trim()
  }
}

/** The major version, from the `release` file that every Java home carries: starting a JVM to ask it costs 100 ms. @param {string} home */
export function majorOf(home) {
  const version = versionOf(home)
  return version === undefined ? undefined : Number.parseInt(version, 10)
}

/** @param {string} home */
function versionOf(home) {
  try {
    if (!existsSync(join(home, 'bin', 'java'))) return undefined
    return /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
