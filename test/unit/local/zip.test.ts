import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { adaptZip } from '../../../local/lambda-runtime/adapt.ts'
import { addToZip } from '../../../local/lambda-runtime/zip.ts'
import { python } from '../../../local/toolchain.ts'

const directory = mkdtempSync(join(tmpdir(), 'tidegate-zip-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Another reader's view: Python's `zipfile`, which checks every checksum. */
function read(zip: Uint8Array): { bad: string | null; entries: { name: string; mode: number; content: string }[] } {
  const file = join(directory, 'read.zip')
  writeFileSync(file, zip)
  const script = `
import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
entries = [{'name': i.filename, 'mode': i.external_attr >> 16 & 0o777, 'content': z.read(i).decode()} for i in z.infolist()]
print(json.dumps({'bad': z.testzip(), 'entries': entries}))`
  return JSON.parse(execFileSync(python(), ['-c', script, file], { encoding: 'utf8' }))
}

/** An archive by another writer, compressed. */
const archive = made()

function made(): Buffer {
  const file = join(directory, 'made.zip')
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('functions/x/handler.mjs', 'export const handler = 1;' * 100)
    z.writestr('é.txt', 'umlaut')
    z.comment = b''
import shutil; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer)`
  return execFileSync(python(), ['-c', script, file])
}

test('files are added, what was there stays byte for byte, and every checksum holds', () => {
  const before = archive
  const after = addToZip(before, [
    { name: 'bootstrap', bytes: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
    { name: 'ü/empty', bytes: Buffer.alloc(0), mode: 0o644 },
  ])
  const { bad, entries } = read(after)
  expect(bad).toBeNull()
  expect(entries.slice(0, 2)).toEqual(read(before).entries)
  expect(entries.slice(2)).toEqual([
    { name: 'bootstrap', mode: 0o755, content: '#!/bin/sh\n' },
    { name: 'ü/empty', mode: 0o644, content: '' },
  ])
  const directoryAt = before.readUInt32LE(before.length - 6)
  expect(Buffer.from(after).subarray(0, directoryAt).equals(before.subarray(0, directoryAt))).toBe(true)
})

test('an adapted function starts the given Node, whatever is in its path, and adapting twice gives the same bytes', () => {
  const adapted = adaptZip(archive, `/opt/it's node/bin/node`)
  const bootstrap = read(adapted).entries.find(({ name }) => name === 'bootstrap')
  expect(bootstrap?.mode).toBe(0o755)
  expect(bootstrap?.content).toContain(`exec '/opt/it'\\''s node/bin/node' '`)
  expect(Buffer.from(adapted).equals(Buffer.from(adaptZip(archive, `/opt/it's node/bin/node`)))).toBe(true)
})

test.each([
  ['no archive', Buffer.from('PAR1')],
  ['a cut archive', archive.subarray(0, -30)],
])('%s is refused with what to do', (_, bytes) => {
  expect(() => addToZip(bytes, [])).toThrow(/^TG2901: .*osls package/)
})
