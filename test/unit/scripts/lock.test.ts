import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeLock } from '../../../scripts/bootstrap/lock.mjs'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (owner: object) => writeFileSync(path, JSON.stringify({ nonce: 'theirs', since: Date.now(), ...owner }))
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid

describe('the bootstrap lock', () => {
  it('is held by one at a time, and leaves nothing behind', async () => {
    let inside = 0
    let most = 0
    const one = async () => {
      const release = await takeLock(path)
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
      release()
    }
    await Promise.all(Array.from({ length: 8 }, one))
    expect(most).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it('is taken over at once from a process that has died, by one of those who wait', async () => {
    write({ pid: deadPid(), host: hostname() })
    const order: string[] = []
    const take = async (name: string) => {
      const release = await takeLock(path)
      order.push(`${name} in`)
      await new Promise((resolve) => setImmediate(resolve))
      order.push(`${name} out`)
      release()
    }
    await Promise.all([take('a'), take('b')])
    expect(order).toHaveLength(4)
    expect(order[1]).toBe(order[0]?.replace('in', 'out'))
  })

  it('is left to a living process however silent, and the wait ends with what to do', async () => {
    write({ pid: process.pid, host: hostname() })
    utimesSync(path, 0, 0)
    const seen: number[] = []
    await expect(takeLock(path, { patienceMs: 300, onWait: (owner) => seen.push(owner.pid) })).rejects.toThrow(
      /TG9903.*delete the file/,
    )
    expect(seen).toEqual([process.pid])
    expect(existsSync(path)).toBe(true)
  })

  it('of another machine is judged by its heartbeat', async () => {
    write({ pid: 1, host: 'elsewhere' })
    await expect(takeLock(path, { patienceMs: 300 })).rejects.toThrow('TG9903')
    const longAgo = new Date(Date.now() - 120_000)
    utimesSync(path, longAgo, longAgo)
    const release = await takeLock(path, { patienceMs: 2_000 })
    release()
    expect(existsSync(path)).toBe(false)
  })
})
