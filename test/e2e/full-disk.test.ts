/** A disk that is full: what can't be kept is refused, by the path's name; what was kept survives; with room again the same files are applied. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, root, run, Workplace } from './support/tidegate.ts'

const small = '150m'
const place = new Workplace()
const folder = join(place.folder, 'small')
let holder: ChildProcess

/** A mount namespace of its own, held by a shell that waits: `folder` is a small disk for whoever enters it. */
async function mountSmallDisk(): Promise<boolean> {
  mkdirSync(folder)
  const script = `mount -t tmpfs -o size=${small} tmpfs '${folder}' && echo mounted && exec cat`
  holder = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
  const first = once(holder.stdout ?? process.stdin, 'data').then(() => true)
  const over = new Promise<false>((resolve) => {
    holder.once('exit', () => resolve(false))
    holder.once('error', () => resolve(false))
  })
  return Promise.race([first, over])
}

const inside = (...command: string[]): Promise<Ended> => {
  const enter = ['--target', String(holder.pid), '--user', '--mount', '--preserve-credentials']
  return run('nsenter', [...enter, 'sh', '-c', `cd '${place.folder}' && exec "$@"`, 'sh', ...command], root)
}
const tidegate = (...args: string[]) => inside(process.execPath, join(root, 'cli/main.ts'), ...args)
const up = () => tidegate('local', 'up', '--detach', '--port', '0', '--data-dir', 'small/data')
const land = () => tidegate('land', 'first/in/shop/good', '--prefix', 'in/shop/good/', '--wait')

async function table(name: string): Promise<unknown> {
  const { tables } = JSON.parse((await tidegate('--json', 'status')).stdout) as { tables: { table: string }[] }
  return tables.find((one) => one.table === name)
}

const mounted = await mountSmallDisk()
beforeAll(async () => {
  await run(join(root, '.venv/bin/python'), [join(root, 'test/e2e/support/bad_files.py'), place.folder], root)
})
afterAll(async () => {
  if (mounted) await tidegate('local', 'down')
  holder.kill()
  await place.close()
})

// Some systems allow nobody but root to mount.
describe.runIf(mounted)('a full disk', () => {
  it('takes no file and loses none: land, down and up say which disk, and what to do', async () => {
    expect(await up()).toMatchObject({ code: 0 })
    expect(await tidegate('config', 'apply', join(root, 'test/e2e/stopped-job.yml'))).toMatchObject({ code: 0 })
    await inside('sh', '-c', 'cat /dev/zero > small/filler')

    const refused = await land()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('TG5609: `in/shop/good/')
    expect(refused.stderr).toContain(`TG5103: the disk of \`${folder}/data\` is full`)
    expect(refused.stderr).toContain('0 of 2 files')
    expect(await table('shop_good')).toMatchObject({ status: 'new', waiting_files: 0 })

    expect(await tidegate('local', 'down')).toMatchObject({ code: 0 })
    await inside('sh', '-c', 'cat /dev/zero >> small/filler')
    const again = await up()
    expect(again.code).toBe(2)
    expect(again.stderr).toMatch(/TG1106: the disk of `.*\/small\/data` .*Make room there/)
    expect(again.stderr).not.toMatch(/\n {4}at /)
  })

  it('with room again goes on as if nothing had been', async () => {
    await inside('rm', 'small/filler')
    expect(await up()).toMatchObject({ code: 0 })
    expect(await land()).toMatchObject({ code: 0 })
    const ended = JSON.parse((await tidegate('--json', 'run', '10_min_refresh', '--wait')).stdout) as unknown
    expect(ended).toMatchObject({ status: 'SUCCEEDED', completed: 1, files: 2 })
    expect(await table('shop_good')).toMatchObject({ status: 'completed', waiting_files: 0 })
  })
})
