/** Two clones with the settings as they come, at the same time: neither takes the other's port, state, or tables. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { root, Workplace } from './support/tidegate.ts'

const [first, second] = [new Workplace(), new Workplace()]
afterAll(async () => {
  await Promise.all([first.close(), second.close()])
})

interface Up {
  readonly endpoint: string
  readonly data_dir: string
}
const up = (place: Workplace, ...more: string[]) => place.json<Up>('local', 'up', '--detach', ...more)
const tables = async (place: Workplace) => (await place.json<{ tables: unknown[] }>('status')).tables.length

/** Somebody else on a port; 0 takes a free one. */
async function somebodyOn(port: number): Promise<{ port: number; server: Server }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  return { port: (server.address() as AddressInfo).port, server }
}

it('a second one starts beside the first, and what is done on one is not done on the other', async () => {
  const one = await up(first)
  const two = await up(second)
  expect(two.endpoint).not.toBe(one.endpoint)
  expect(two.data_dir).not.toBe(one.data_dir)

  await first.json('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))
  expect([await tables(first), await tables(second)]).toEqual([2, 0])
  await first.tidegate('local', 'down')
  expect(await tables(second)).toBe(0)
  await second.tidegate('local', 'down')
})

it('a port that is asked for and taken is refused with 2, detached or not, and what to do', async () => {
  const { port, server } = await somebodyOn(0)
  for (const detach of [[], ['--detach']]) {
    const ended = await first.tidegate('local', 'up', '--port', String(port), ...detach)
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain(`TG1102: port \`${port}\` on 127.0.0.1 cannot be opened`)
    expect(ended.stderr).toContain('Choose another with `--port`')
    expect(ended.stderr).not.toMatch(/\n {4}at /)
  }
  server.close()
})

it('data keep the port that they were made on: when it is taken, that is said', async () => {
  const { endpoint } = await up(first, '--port', '0', '--data-dir', 'data')
  await first.tidegate('local', 'down')
  const port = Number(new URL(endpoint).port)
  const { server } = await somebodyOn(port)
  const ended = await first.tidegate('local', 'up', '--detach', '--data-dir', 'data')
  expect(ended.code).toBe(2)
  expect(ended.stderr).toContain(`TG1107: port \`${port}\` on 127.0.0.1 is taken`)
  expect(ended.stderr).toContain('new `--data-dir`')
  server.close()
})
