/** Temporary directories: whose owner was killed are removed by the next start, nobody else's are touched. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTemporary } from '../../../local/temporary.ts'

let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'temporary-test-'))
})
afterEach(() => rmSync(parent, { recursive: true }))

const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid
const make = (name: string): string => {
  mkdirSync(join(parent, name))
  writeFileSync(join(parent, name, 'file'), '')
  return name
}

test('what a dead process left goes at the next start', () => {
  const mine = basename(makeTemporary('emulator', parent))
  const left = make(mine.replace(`-${process.pid}-`, `-${deadPid()}-`))
  const next = basename(makeTemporary('emulator', parent))
  expect(readdirSync(parent).sort()).toEqual([mine, next].sort())
  expect(left).not.toBe(mine)
})

test('living owners, other kinds, other machines and other names stay', () => {
  const mine = basename(makeTemporary('emulator', parent))
  const dead = `-${deadPid()}-`
  const kept = [
    mine,
    make(mine.replace('-emulator-', '-local-').replace(`-${process.pid}-`, dead)),
    make(mine.replace(/emulator-\w*-/, 'emulator-elsewhere-').replace(`-${process.pid}-`, dead)),
    make('tidegate-emulator-abcdef'),
    make('tidegate-emulator'),
  ]
  const next = basename(makeTemporary('emulator', parent))
  expect(readdirSync(parent).sort()).toEqual([...kept, next].sort())
})
