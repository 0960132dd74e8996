/** Packaging takes the longest of a first start: Ctrl-C ends it with all that it started, and the next one begins afresh. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageService } from '../../../local/deploy/package.ts'
import { projectRoot } from '../../../local/toolchain.ts'
import { processesOf } from '../../e2e/support/foreground.ts'

const stage = 'interrupted'
const cache = join(projectRoot, '.cache', 'package')

test('an interrupted packaging leaves no process, no lock and no half package', async () => {
  const stop = new AbortController()
  const packaged = packageService({ stage, signal: stop.signal })
  const ended = expect(packaged).rejects.toThrow(/abort/i)
  const atWork = () => processesOf(`${cache}/${stage}-`).length
  await expect.poll(atWork, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0)
  stop.abort()

  await ended
  expect(processesOf(`${cache}/${stage}-`)).toEqual([])
  expect(existsSync(join(cache, 'lock'))).toBe(false)
  expect(readdirSync(cache).filter((name) => name.startsWith(stage))).toEqual([])
})
