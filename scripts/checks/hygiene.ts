/** Fails if a committed file holds what `scripts/hygiene.ts` bans. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findings } from '../hygiene.ts'
import { ROOT } from '../places.ts'

const BINARY = /\.(?:parquet|gz|zip|png|jpg|ico|jar|avro)$/
const paths = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean)

const read = (path: string): string => {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return '' // Deleted, and not committed yet.
  }
}

const found = paths.filter((path) => !BINARY.test(path)).flatMap((path) => findings(path, read(path)))
if (paths.length === 0) found.push('git lists no file: run this in a clone')
console.log(found.length > 0 ? found.join('\n') : `${paths.length} files, nothing found`)
process.exitCode = found.length > 0 ? 1 : 0
