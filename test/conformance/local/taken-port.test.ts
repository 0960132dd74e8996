/** Somebody else takes the emulator's port between our look and its start: it starts on another. */

import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, startEmulator } from '../../../local/emulator/emulator.ts'
import { makeTemporary } from '../../../local/temporary.ts'

const somebody = createServer()
const folder = makeTemporary('test')
let taken = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => somebody.listen(0, '127.0.0.1', resolve))
  taken = (somebody.address() as AddressInfo).port
})
afterAll(() => {
  somebody.close()
  rmSync(folder, { recursive: true })
})
const options = { publicEndpoint: 'http://127.0.0.1:1', logFile: join(folder, 'emulator.log') }

test('takes another, and never tells the taken one', async () => {
  let first = true
  const choosePort = async () => {
    const port = first ? taken : await freePort()
    first = false
    return port
  }
  const emulator = await startEmulator({ ...options, choosePort })
  expect(Number(new URL(emulator.endpoint).port)).not.toBe(taken)
  await emulator.stop()
})

test('gives up with the emulator’s own words when every port is taken', async () => {
  const start = startEmulator({ ...options, choosePort: async () => taken })
  await expect(start).rejects.toThrow(/^TG5101: [\s\S]*address already in use/i)
})
