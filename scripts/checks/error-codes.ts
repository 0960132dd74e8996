/** Fails if docs/reference/errors.md and the sources disagree about an error number. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodeFindings } from '../error-codes.ts'
import { ROOT } from '../places.ts'

const PAGE = 'docs/reference/errors.md'
const PLACES = ['functions', 'shared', 'local', 'cli', 'demo', 'deploy', 'scripts', 'spark-jobs', 'state-machines']
const TEXT = /\.(?:ts|mjs|cjs|py|json|yml)$/

const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard', '--', ...PLACES], {
  cwd: ROOT,
  encoding: 'utf8',
})
const sources = listed
  .split('\0')
  .filter((path) => TEXT.test(path) && !path.startsWith('spark-jobs/tests/') && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
const found = errorCodeFindings(sources, readFileSync(join(ROOT, PAGE), 'utf8'))
if (sources.length === 0) found.push('git lists no source: run this in a clone')
console.log(
  found.length > 0 ? `${PAGE} and the sources disagree:\n${found.join('\n')}` : `${sources.length} files agree`,
)
process.exitCode = found.length > 0 ? 1 : 0
