import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { python } from '../../../scripts/bootstrap/python.mjs'

const folder = mkdtempSync(join(tmpdir(), 'tidegate-python-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the Python environment', () => {
  it('is never built through a link: that would empty the one that it leads to', async () => {
    const root = join(folder, 'copy')
    const elsewhere = join(folder, 'elsewhere')
    for (const made of [join(root, 'spark-jobs'), elsewhere]) mkdirSync(made, { recursive: true })
    writeFileSync(join(root, 'spark-jobs', 'requirements.txt'), '')
    writeFileSync(join(elsewhere, 'precious'), '')
    symlinkSync(elsewhere, join(root, '.venv'))

    const preparing = python.prepare({ root, signal: new AbortController().signal, onLine: () => {} })
    await expect(preparing).rejects.toThrow(/TG9906.*is a link/)
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true)
  })
})
