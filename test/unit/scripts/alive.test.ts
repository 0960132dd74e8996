/** A process is alive until it ends, and not until its parent has fetched its exit code: nobody may ever do that. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { isAlive } from '../../../scripts/bootstrap/lock.mjs'

it('knows its own process', () => {
  expect(isAlive(process.pid)).toBe(true)
})

it.skipIf(!existsSync('/proc/self/stat'))('calls a process dead that has ended and was not fetched', async () => {
  const parent = spawn('bash', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'])
  try {
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '), 5_000)
    expect(isAlive(pid)).toBe(false)
    expect(isAlive(parent.pid ?? 0)).toBe(true)
  } finally {
    parent.kill('SIGKILL')
  }
})
