import { describe, expect, it } from 'vitest'
import { findings } from '../../../scripts/hygiene.ts'
import { lockFileFaults } from '../../../scripts/lock-file.ts'

describe('what no committed file may hold', () => {
  // Put together here, so that this file is clean itself.
  it.each([
    ['a registry host', 'docs/a.md', `https://registry.${'npmjs'}.org/zod`],
    ['a registry host', 'docs/a.md', `https://files.python${'hosted'}.org/packages/x`],
    ['a registry host', 'pom.xml', `https://repo.maven.${'apache.org'}/maven2`],
    ['a registry setting', 'requirements.txt', `--${'index-url'} https://example.org/simple`],
    ['a registry setting', '.npmrc', `${'registry'}=https://example.org`],
    ['a registry setting', 'package-lock.json', `  "${'resolved'}": "https://example.org/x.tgz"`],
    ['a path of a machine', 'docs/a.md', `see /${'home'}/ann/project`],
    ['a path of a machine', 'a.json', `"/${'Users'}/ann/x"`],
    ['a path of a machine', 'a.ts', `const x = '/${'root'}/.cache'`],
    ['a left-over mark', 'a.py', `# ${'TO'}DO later`],
    ['a test that keeps the others from running', 'a.test.ts', `describe.${'only'}('x')`],
    ['a test that keeps the others from running', 'a.test.ts', `it.concurrent.${'only'}('x')`],
  ])('finds %s in %s', (what, path, text) => {
    expect(findings(path, `first line\n${text}\n`)).toEqual([
      expect.stringMatching(new RegExp(`^${path}:2: ${what}: `)),
    ])
  })

  it.each([
    ['docs/a.md', 's3://bucket/home/ann/x and $HOME/root/x'],
    ['docs/a.md', 'a page about the words that sources must not hold'],
    ['a.ts', 'path.matches("only"), unit.only'],
  ])('leaves %s alone: %s', (path, text) => {
    expect(findings(path, text)).toEqual([])
  })
})

describe('the lock file', () => {
  const entry = { version: '1.0.0', integrity: 'sha512-x' }

  it('is whole when every optional dependency of every platform has an entry', () => {
    const packages = {
      '': {},
      'node_modules/a': { ...entry, optionalDependencies: { 'a-darwin': '1.0.0' } },
      'node_modules/a-darwin': entry,
    }
    expect(lockFileFaults({ packages })).toEqual([])
  })

  it('lacks a platform: `npm ci` refuses such a file, though `npm install` wrote it', () => {
    const packages = { '': {}, 'node_modules/a': { ...entry, optionalDependencies: { 'a-darwin': '1.0.0' } } }
    expect(lockFileFaults({ packages })).toEqual([expect.stringContaining('`a-darwin`')])
  })

  it('lacks a hash', () => {
    expect(lockFileFaults({ packages: { 'node_modules/a': { version: '1.0.0' } } })).toEqual([
      expect.stringContaining('`node_modules/a`'),
    ])
  })
})
