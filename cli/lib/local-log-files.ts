/** Where the logs of a local cloud's components are: files of this machine, also after it has ended. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { componentLogs } from '../../local/logs.ts'
import { tidegateFolder } from './local-pointer.ts'

/** The files that are there by component: `local` of what was said at its start, `driver` of the newest Spark job run. */
export function logFilesOf(dataDir: string): Record<string, string> {
  const parts = Object.entries(componentLogs).map(([name, path]) => [name, join(dataDir, path)] as const)
  const places = [['local', join(tidegateFolder(), 'local.log')] as const, ...parts, ...newestDriver(dataDir)]
  return Object.fromEntries(places.filter(([, path]) => existsSync(path)))
}

function newestDriver(dataDir: string): (readonly [string, string])[] {
  const runs = join(dataDir, 'runs')
  if (!existsSync(runs)) return []
  const newest = readdirSync(runs)
    .map((id) => join(runs, id, 'driver.log'))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, at: statSync(path).mtimeMs }))
    .sort((a, b) => b.at - a.at)[0]
  return newest === undefined ? [] : [['driver', newest.path]]
}
