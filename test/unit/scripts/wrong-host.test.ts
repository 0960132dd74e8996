/** A host with the wrong tools: each command says what it found and what it needs, before any work, and ends with 2. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { missingJava } from '../../../scripts/bootstrap/java.mjs'
import { ROOT } from '../../../scripts/places.ts'

let root = ''
/** A fresh clone as far as the bootstrap looks at one, and a PATH with nothing on it but what a test puts there. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidegate-wrong-host-'))
  for (const part of [
    'scripts',
    'cli/tidegate.mjs',
    'package-lock.json',
    'spark-jobs/pom.xml',
    'spark-jobs/requirements.txt',
  ])
    cpSync(join(ROOT, part), join(root, part), { recursive: true })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function tool(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
}

function java(home: string, version: string): string {
  tool(join(home, 'bin'), 'java', 'exit 1')
  writeFileSync(join(home, 'release'), `JAVA_VERSION="${version}"\n`)
  return home
}

function said(args: string[], env: Record<string, string>) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
  return { status, stderr }
}

it.each([
  ['npm run demo', ['scripts/run.mjs', 'demo']],
  ['tidegate local up', ['cli/tidegate.mjs', 'local', 'up']],
])('%s', (_, args) => {
  const path = join(root, 'bin')
  tool(path, 'python3', 'case "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac')
  tool(path, 'mvn', 'echo "Apache Maven 3.6.3 (any)"')
  const home = java(join(root, 'jdk-11'), '11.0.22')
  const { status, stderr } = said(args, { PATH: path, JAVA_HOME: home })

  expect(status).toBe(2)
  expect(stderr).toMatch(/^TG9901: something is not installed:\n/)
  expect(stderr).toContain('Python 3.11 with its `venv` module (found `3.9.2` as `python3`')
  expect(stderr).toContain('Maven 3.8 or later (found `3.6.3`)')
  expect(stderr).toContain('npm, which')
})

it('names the Java that it found, where it looked', () => {
  const homes = [java(join(root, 'jdk-21'), '21.0.1'), java(join(root, 'jdk-8'), '1.8.0_402'), join(root, 'nowhere')]
  expect(missingJava(homes)).toMatch(/^Java 17 \(found `21\.0\.1` in `.*jdk-21`, found `1\.8\.0_402` in `.*jdk-8`/)
  expect(missingJava(homes)).toContain('sudo apt-get install openjdk-17')
  expect(missingJava([])).toMatch(/^Java 17 \((found none|JAVA_HOME is)/)
})
