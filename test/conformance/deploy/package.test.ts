/** `osls package` on its own: without network and credentials, the same bytes twice, and an end when a build fails. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { projectRoot } from '../../../local/toolchain.ts'

const handlers = ['file-manager', 'batch-manager', 'claim-batch', 'settle-batch', 'summarise-run', 'reconcile']
const copied = [
  'serverless.yml',
  'tidegate.yml',
  'deploy',
  'state-machines',
  'spark-jobs',
  'package.json',
  'tsconfig.json',
]

let project: string
/** The project with functions of one line each: what is tested is the packaging. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tidegate-package-'))
  mkdirSync(join(project, 'tmp'))
  for (const name of ['node_modules', '.venv']) symlinkSync(join(projectRoot, name), join(project, name))
  for (const name of copied) cpSync(join(projectRoot, name), join(project, name), { recursive: true })
  for (const name of handlers) {
    mkdirSync(join(project, 'functions', name), { recursive: true })
    writeFileSync(join(project, 'functions', name, 'handler.ts'), `export const handler = async () => '${name}'\n`)
  }
})
afterEach(() => rmSync(project, { recursive: true }))

/** Nothing of our environment but the path; whoever asks the network gets a closed port. */
function osls(): Promise<{ ended: boolean; failed: boolean; output: string }> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: project,
    TMPDIR: join(project, 'tmp'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
  }
  const command = [join(projectRoot, 'node_modules', 'osls', 'bin', 'serverless.js'), 'package']
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      command,
      { cwd: project, env, timeout: 90_000, killSignal: 'SIGKILL' },
      (error, out, err) => resolve({ ended: error?.killed !== true, failed: error !== null, output: out + err }),
    )
  })
}

function digests(): Record<string, string> {
  const files = readdirSync(join(project, '.serverless'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(zip|py)$/.test(name),
  )
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(project, '.serverless', name)))
        .digest('hex'),
    ]),
  )
}

test('packaging needs neither network nor credentials, gives the same bytes twice, and leaves no temporary files', async () => {
  expect(await osls()).toMatchObject({ failed: false })
  const first = digests()
  expect(Object.keys(first)).toHaveLength(handlers.length + 2)
  expect(await osls()).toMatchObject({ failed: false })
  expect(digests()).toEqual(first)
  expect(readdirSync(join(project, 'tmp')), 'left in the temporary folder').toEqual([])
})

test('a build that fails ends, and says why: osls hung for ever on esbuild’s service', async () => {
  writeFileSync(
    join(project, 'functions', 'file-manager', 'handler.ts'),
    "import './nowhere.ts'\nexport const handler = 1\n",
  )
  const { ended, failed, output } = await osls()
  expect([ended, failed]).toEqual([true, true])
  expect(output).toContain('nowhere.ts')
})

test('a misspelt property stops the packaging', async () => {
  const file = join(project, 'serverless.yml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('    timeout: 60\n', '    timeoutt: 60\n'))
  const { failed, output } = await osls()
  expect(failed).toBe(true)
  expect(output).toContain('timeoutt')
})
