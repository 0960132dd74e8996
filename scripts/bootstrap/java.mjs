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
    if (home) {
      process.env.JAVA_HOME = home
      return []
    }
    const seen = process.env.JAVA_HOME ? ` (JAVA_HOME is \`${process.env.JAVA_HOME}\`)` : ''
    return [
      `Java ${WANTED}${seen}. Debian, Ubuntu: \`sudo apt-get install openjdk-17-jre-headless\`; macOS: \`brew install openjdk@17\`; if it is elsewhere, set JAVA_HOME to it`,
    ]
  },
  isReady: () => true,
  prepare: async () => {},
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
  try {
    if (!existsSync(join(home, 'bin', 'java'))) return undefined
    const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1]
    return version === undefined ? undefined : Number.parseInt(version, 10)
  } catch {
    return undefined
  }
}
