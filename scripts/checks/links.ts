/** Fails if a relative link of a Markdown page leads nowhere. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { linkFindings } from '../links.ts'
import { ROOT } from '../places.ts'

const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard', '--', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
const pages = listed
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
const found = linkFindings(pages, (path) => existsSync(join(ROOT, path)))
if (pages.length === 0) found.push('git lists no page: run this in a clone')
console.log(found.length > 0 ? found.join('\n') : `${pages.length} pages, every link leads somewhere`)
process.exitCode = found.length > 0 ? 1 : 0
