import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ROOT } from '../../../scripts/places.ts'

/** Each test runs real processes over a repository of its own, whose only step is a small program. */
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidegate-bootstrap-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const bootstrap = (file: string) => JSON.stringify(join(ROOT, 'scripts', 'bootstrap', file))

/** A program that makes ready `steps` (JavaScript of an object of steps) and prints how that ended. */
function program(steps: string): string {
  const path = join(root, 'program.mjs')
  writeFileSync(
    path,
    `import { ensureReady } from ${bootstrap('index.mjs')}
import { runTool } from ${bootstrap('command.mjs')}
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
const root = ${JSON.stringify(root)}
const done = root + '/done', log = root + '/log'
const tool = (code, { signal, onLine }) => runTool(process.execPath, ['-e', code], { cwd: root, signal, onLine })
const built = { label: 'Built', missing: () => [], isReady: () => existsSync(done) }
const steps = ${steps}
try { await ensureReady(Object.keys(steps), { root, steps }); console.log('ready') }
catch (error) { console.log(error.message); process.exitCode = error.exitCode ?? 1 }
`,
  )
  return path
}

function start(path: string) {
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  child.stderr.on('data', (chunk) => (text += chunk))
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, text })),
  )
  return { child, ended, text: () => text }
}

describe('the bootstrap', () => {
  it('names everything that is missing on the host before it starts any work', async () => {
    const path = program(`{
      a: { ...built, missing: () => ['Apples. Get them from a tree'], prepare: async () => writeFileSync(done, '') },
      b: { ...built, missing: () => ['Bread. Bake it'], prepare: async () => writeFileSync(done, '') } }`)
    const { code, text } = await start(path).ended
    expect(code).toBe(1)
    expect(text).toMatch(/TG9901[\s\S]*Apples[\s\S]*Bread/)
    expect(existsSync(join(root, 'done'))).toBe(false)
  })

  it('works once when started twice at the same time, and says nothing when all is ready', async () => {
    const path = program(`{ a: { ...built, prepare: async (context) => {
      appendFileSync(log, 'x')
      await tool('setTimeout(() => {}, 300)', context)
      writeFileSync(done, '') } } }`)
    const both = await Promise.all([start(path).ended, start(path).ended])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(readFileSync(join(root, 'log'), 'utf8')).toBe('x')
    expect((await start(path).ended).text).toBe('ready\n')
  })

  it('shows what a failed tool said, and lets the other step end before it gives up the lock', async () => {
    const path = program(`{
      a: { ...built, prepare: (context) => tool('console.error("no such jar"); process.exit(7)', context) },
      b: { ...built, label: 'Other', prepare: async (context) => { await tool('setTimeout(() => {}, 300)', context); if (existsSync(root + '/.tmp/bootstrap.lock')) writeFileSync(done, '') } } }`)
    const { code, text } = await start(path).ended
    expect(code).toBe(1)
    expect(text).toMatch(/TG9902[\s\S]*exit code 7[\s\S]*no such jar/)
    expect(existsSync(join(root, 'done'))).toBe(true)
    expect(existsSync(join(root, '.tmp', 'bootstrap.lock'))).toBe(false)
  })

  it('when interrupted ends the tools and their children, frees the lock, and exits with 130', async () => {
    const forks = `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }); require('node:fs').writeFileSync('pid', String(pid)); setInterval(() => {}, 1000)`
    const path = program(`{ a: { ...built, prepare: (context) => tool(${JSON.stringify(forks)}, context) } }`)
    const { child, ended } = start(path)
    const pidFile = join(root, 'pid')
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', { timeout: 10_000 }).toBe(true)
    child.kill('SIGINT')
    // The grandchild holds the tool's output: while it lives, the bootstrap doesn't end.
    expect((await ended).code).toBe(130)
    expect(existsSync(join(root, '.tmp', 'bootstrap.lock'))).toBe(false)
  })
})

describe('handing over to the project’s Node', () => {
  const handOver = (entry: string) => {
    mkdirSync(join(root, 'node_modules', `node-${process.platform}-${process.arch}`), { recursive: true })
    writeFileSync(join(root, 'entry.ts'), entry)
    const path = join(root, 'program.mjs')
    writeFileSync(
      path,
      `import { reexec } from ${bootstrap('index.mjs')}\nawait reexec('entry.ts', ['one', 'two words'], { root: ${JSON.stringify(root)} })`,
    )
    return start(path)
  }

  it('passes arguments and the exit code on, and runs TypeScript', async () => {
    const { code, text } = await handOver(
      'const words: string[] = process.argv.slice(2)\nconsole.log(words.join("|"))\nprocess.exitCode = 5',
    ).ended
    expect({ code, text }).toEqual({ code: 5, text: 'one|two words\n' })
  })

  it('passes a signal on, and exits as the child does', async () => {
    const { child, ended, text } = handOver(
      'process.on("SIGTERM", () => process.exit(42))\nsetInterval(() => {}, 1000)\nconsole.log("up")',
    )
    await expect.poll(text, { timeout: 10_000 }).toContain('up')
    child.kill('SIGTERM')
    expect((await ended).code).toBe(42)
  })

  it('says 128 + signal where the child died of one', async () => {
    expect((await handOver('process.kill(process.pid, "SIGKILL")\nsetInterval(() => {}, 1000)').ended).code).toBe(137)
  })
})
