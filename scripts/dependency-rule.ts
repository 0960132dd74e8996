/** The dependency rule: runs dependency-cruiser over the sources, and fails on a violation and on having seen nothing. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, tool } from './places.ts'

const FOLDERS = ['functions', 'shared', 'local', 'cli', 'demo', 'scripts', 'test']

export interface Verdict {
  readonly modules: number
  /** `rule: from → to`. */
  readonly violations: string[]
}

interface CruiseReport {
  modules: { source: string }[]
  summary: { violations: { from: string; to: string; rule: { name: string } }[] }
}

/**
 * Cruises the source folders that exist under `root`, with the rules of this repository.
 * @throws Error when dependency-cruiser gives no report
 */
export function cruise(root: string): Verdict {
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)))
  if (folders.length === 0) return { modules: 0, violations: [] }
  const options = ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json']
  const argv = [tool('dependency-cruiser/bin/dependency-cruiser.mjs'), ...options, ...folders]
  const ran = spawnSync(process.execPath, argv, { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
  if (!ran.stdout.startsWith('{'))
    throw new Error(`dependency-cruiser gave no report, exit code ${ran.status}:\n${ran.stderr}`)
  const report = JSON.parse(ran.stdout) as CruiseReport
  const own = report.modules.filter(({ source }) => folders.some((folder) => source.startsWith(`${folder}/`)))
  return {
    modules: own.length,
    violations: report.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  }
}

/** What is wrong, one line each; with an incompatible compiler dependency-cruiser sees no module and finds no violation. */
export const complaints = ({ modules, violations }: Verdict): string[] =>
  modules === 0 ? ['no module was seen: does dependency-cruiser work with this version of TypeScript?'] : violations

if (process.argv[1] === import.meta.filename) {
  const verdict = cruise(process.argv[2] ?? ROOT)
  const wrong = complaints(verdict)
  console.log(wrong.length > 0 ? wrong.join('\n') : `${verdict.modules} modules, no violation`)
  process.exitCode = wrong.length > 0 ? 1 : 0
}
