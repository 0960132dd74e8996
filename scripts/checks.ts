/** The checks: what each is called, what it runs, and running them two at a time. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Command, run } from './exec.ts'
import { checkScripts, node, PYTHON, ROOT, SPARK_JOBS, tool } from './places.ts'

export interface Check extends Command {
  readonly name: string
}

const TIMEOUT_MS = 4 * 60_000

const inRoot = (name: string, ...argv: string[]): Check => ({ name, argv, cwd: ROOT })
/** Two mypy runs would each load pyspark's and pyarrow's types: the lake reader goes with the job. */
const pythonTypes: Check = {
  name: 'python-types',
  argv: [PYTHON, '-m', 'mypy', '--strict', '.', '../cli/lake', '../demo'],
  cwd: SPARK_JOBS,
}

/** Every check, the slow ones first so that two lanes end together. */
export const allChecks = (): Check[] => [
  inRoot('types', ...node(tool('typescript/bin/tsc'), '--noEmit', '--pretty', 'false')),
  pythonTypes,
  inRoot('dead-code', ...node(tool('knip/bin/knip.js'), '--no-progress')),
  inRoot('dependencies', ...node(join('scripts', 'dependency-rule.ts'))),
  inRoot('generated', ...node(join('scripts', 'generate.ts'), '--check')),
  inRoot('format', ...node(tool('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.')),
  inRoot('python-format', PYTHON, '-m', 'ruff', 'format', '--check', '.'),
  inRoot('python-lint', PYTHON, '-m', 'ruff', 'check', '.'),
  ...checkScripts().map((file) => inRoot(file.replace(/\.\w+$/, ''), ...node(join('scripts', 'checks', file)))),
]

/** Runs the checks and prints one line each, with its output where it failed. Resolves to the names of those that failed. */
export async function runChecks(checks: readonly Check[], print: (line: string) => void): Promise<string[]> {
  const waiting = [...checks]
  const failed: string[] = []
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lane = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const lines: string[] = []
      const { code, seconds } = await run(check, (line) => lines.push(line), TIMEOUT_MS)
      if (code !== 0) failed.push(check.name)
      print(`${code === 0 ? '✓' : '✗'} ${check.name.padEnd(width)} ${seconds.toFixed(1).padStart(5)} s`)
      if (code !== 0) for (const line of lines) print(`    ${line}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane))
  return failed
}
