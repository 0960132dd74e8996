import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { run } from '../../../scripts/exec.ts'

const script = (code: string) => ({ argv: [process.execPath, '-e', code], cwd: import.meta.dirname })

describe('running a tool', () => {
  it('gives its lines and its exit code', async () => {
    const lines: string[] = []
    const ended = await run(
      script('console.log("out"); console.error("err"); process.exitCode = 3'),
      (line) => lines.push(line),
      10_000,
    )
    expect(ended).toMatchObject({ code: 3, timedOut: false })
    expect(lines.sort()).toEqual(['err', 'out'])
  })

  it('ends it with its grandchildren when time is up', async () => {
    const lines: string[] = []
    const listens = `require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    const forks = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(listens)}], { stdio: 'inherit' }); setInterval(() => {}, 1000)`
    const ended = await run(script(forks), (line) => lines.push(line), 2_000)
    expect(ended.timedOut).toBe(true)
    const reached = await new Promise((resolve) => {
      const socket = connect(Number(lines[0]), '127.0.0.1', () => resolve('the grandchild'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
    expect(reached).toBe('ECONNREFUSED')
  })

  it('ends with it, though a process that left its group still holds its output', async () => {
    const leaves = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 9000)'], { stdio: 'inherit', detached: true }).unref(); process.exitCode = 4`
    const ended = await run(script(leaves), () => {}, 20_000)
    expect(ended).toMatchObject({ code: 4, timedOut: false })
  })

  it('reports a tool that does not exist as a failure', async () => {
    const ended = await run({ argv: ['tidegate-no-such-tool'], cwd: import.meta.dirname }, () => {}, 10_000)
    expect(ended.code).toBe(127)
  })
})
