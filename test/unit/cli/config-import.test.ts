import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { program } from '../../../cli/program.ts'
import { DEMO_BATCH, DEMO_MANIFEST } from '../config/odp/demo.ts'

describe('tidegate config import', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidegate-import-'))
    writeFileSync(at('batch.json'), JSON.stringify(DEMO_BATCH))
    writeFileSync(at('tables.json'), JSON.stringify(DEMO_MANIFEST, null, '\t'))
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })

  const at = (name: string): string => join(folder, name)
  const run = (...args: string[]) =>
    program().parseAsync(['config', 'import', at('batch.json'), at('tables.json'), '--output', at('t.yml'), ...args], {
      from: 'user',
    })

  it('writes the file, and never over one that exists unless it is told to', async () => {
    await run('--schema', 'taxi_trips', '--prefix', 'dms')
    const written = readFileSync(at('t.yml'), 'utf8')
    expect(written).toContain('prefix: dms/')
    expect(written).toContain('taxi_trips.table_18: { target: { table: table_18 } }')

    writeFileSync(at('t.yml'), 'mine')
    await expect(run('--schema', 'taxi_trips')).rejects.toThrow(/^TG1531: .*exists, and is left as it is/)
    expect(readFileSync(at('t.yml'), 'utf8')).toBe('mine')
    await run('--schema', 'taxi_trips', '--prefix', 'dms/', '--force')
    expect(readFileSync(at('t.yml'), 'utf8')).toBe(written)
  })

  it('writes nothing when it refuses', async () => {
    await expect(run()).rejects.toThrow(/^TG1230: [\s\S]*TG1233 .*`--schema`/)
    expect(() => readFileSync(at('t.yml'))).toThrow('ENOENT')
    rmSync(at('batch.json'))
    await expect(run()).rejects.toThrow(/^TG1504/)
  })
})
