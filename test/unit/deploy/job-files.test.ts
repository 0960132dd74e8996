/** The Spark job's archive: the same bytes every time, and one that Python can import. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { python } from '../../../local/toolchain.ts'

const require = createRequire(import.meta.url)
const { zip } = require('../../../deploy/zip.cjs') as { zip(files: { name: string; bytes: Buffer }[]): Buffer }
const { jobFiles } = require('../../../deploy/job-files.cjs') as {
  jobFiles(
    deployment: string,
    contents?: [Buffer, Buffer],
  ): Record<'script' | 'library', { key: string; bytes: Buffer }>
}
const file = (name: string, text: string) => ({ name, bytes: Buffer.from(text) })

test('an archive does not depend on the order of its files', () => {
  const [a, b] = [file('a.py', 'x = 1\n'), file('b/ü.py', '')]
  expect(zip([a, b])).toEqual(zip([b, a]))
  expect(zip([a])).not.toEqual(zip([file('a.py', 'x = 2\n')]))
})

test('Python imports job and validator from the archive alone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tidegate-test-'))
  try {
    const archive = join(directory, 'tidegate_job.zip')
    writeFileSync(archive, jobFiles('tidegate/dev').library.bytes)
    const code =
      'import sys; sys.path.insert(0, sys.argv[1]); import zipfile, fastjsonschema, tidegate_job.layout; assert zipfile.ZipFile(sys.argv[1]).testzip() is None; print(fastjsonschema.__file__, tidegate_job.__file__)'
    const out = execFileSync(python(), ['-S', '-c', code, archive], { cwd: directory, encoding: 'utf8' })
    expect(out.split(/\s+/).filter((path) => path.startsWith(archive))).toHaveLength(2)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('keys change with the content of either file and not otherwise', () => {
  const keys = (script: string, library: string) => {
    const files = jobFiles('tidegate/dev', [Buffer.from(script), Buffer.from(library)])
    return [files.script.key, files.library.key]
  }
  expect(keys('a', 'b')).toEqual(keys('a', 'b'))
  expect(keys('a', 'b')[0]).toMatch(/^serverless\/tidegate\/dev\/job\/[0-9a-f]{32}\/main\.py$/)
  for (const changed of [keys('x', 'b'), keys('a', 'x')])
    for (const [at, key] of changed.entries()) expect(key).not.toBe(keys('a', 'b')[at])
})
