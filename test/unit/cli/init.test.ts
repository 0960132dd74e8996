import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { program } from '../../../cli/program.ts'

describe('tidegate init', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidegate-init-'))
    mkdirSync(join(folder, 'files/shop/books'), { recursive: true })
    writeFileSync(join(folder, 'files/shop/books/LOAD00000001.parquet'), '')
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })

  const file = (): string => join(folder, 'tidegate.yml')
  const init = (...args: string[]) => program().parseAsync(['init', file(), ...args], { from: 'user' })

  it('writes the file, and never over one that exists unless it is told to', async () => {
    await init('--from', join(folder, 'files'), '--prefix', 'in')
    const written = readFileSync(file(), 'utf8')
    expect(written).toContain('in: { prefix: in/, layout: "{schema}/{table}", shape: dms }')

    writeFileSync(file(), 'mine')
    await expect(init('--from', join(folder, 'files'))).rejects.toThrow(/^TG1531: .*exists, and is left as it is/)
    expect(readFileSync(file(), 'utf8')).toBe('mine')

    await init('--from', join(folder, 'files'), '--prefix', 'in', '--force')
    expect(readFileSync(file(), 'utf8')).toBe(written)
  })

  it('refuses to guess what to look at, and says what it cannot read', async () => {
    await expect(init()).rejects.toThrow(/^TG1530: `init` was given `0` things/)
    await expect(init('--from', folder, '--bucket', 'b')).rejects.toThrow(/^TG1530/)
    await expect(init('--from', join(folder, 'none'))).rejects.toThrow(/^TG2630/)
    await expect(init('--dms-task', join(folder, 'none.json'))).rejects.toThrow(/^TG2630/)
  })
})
