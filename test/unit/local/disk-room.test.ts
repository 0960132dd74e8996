import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDiskRoom, withRoom } from '../../../local/disk-room.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-room-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const spare = () => join(folder, 'spare')
const noRoom = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}

it('keeps room back while it is open, and refuses what does not fit', () => {
  const room = openDiskRoom(folder)
  expect(statSync(spare()).size).toBe(16 * 1024 ** 2)
  expect(room.refusal(1_000)).toBeUndefined()
  expect(room.refusal(2 ** 60)?.message).toMatch(/^TG5103: .*Make room there/)
  expect(room.refusal(2 ** 60)?.message).toContain(`\`${folder}\``)
  room.close()
  expect(existsSync(spare())).toBe(false)
})

it.runIf(existsSync('/dev/full'))(
  'gives it up for a write of our own that finds none, and tries that once more',
  () => {
    const room = openDiskRoom(folder)
    const write = (): void =>
      existsSync(spare()) ? writeFileSync('/dev/full', 'x') : writeFileSync(join(folder, 'a'), 'x')
    withRoom(write)
    expect(existsSync(join(folder, 'a'))).toBe(true)
    expect(room.refusal(1)?.code).toBe('TG5103')
    expect(() => withRoom(noRoom)).toThrow('ENOSPC')
    room.close()
  },
)

it('passes on every other error, at once', () => {
  const room = openDiskRoom(folder)
  let times = 0
  const broken = (): never => {
    times += 1
    throw new TypeError('ours')
  }
  expect(() => withRoom(broken)).toThrow('ours')
  expect([times, existsSync(spare())]).toEqual([1, true])
  room.close()
})
