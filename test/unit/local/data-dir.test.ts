import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataDir, runningOn } from '../../../local/data-dir.ts'
import { openDocument } from '../../../local/document-file.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidegate-data-dir-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('one owner at a time; the next one after it closed', () => {
  const first = openDataDir(directory)
  first.announce('http://127.0.0.1:4666', 4666)
  expect(() => openDataDir(directory)).toThrow(new RegExp(`^TG1103: .*\`${process.pid}\`.*http://127.0.0.1:4666`))
  expect(runningOn(directory)).toMatchObject({
    pid: process.pid,
    port: 4666,
    endpoint: 'http://127.0.0.1:4666',
    data_dir: directory,
  })
  first.close()
  expect(runningOn(directory)).toBeUndefined()
  openDataDir(directory).close()
})

test.each(['{"pid": 4194305}', '{"pid":', ''])('a lock file of a dead or cut writer, %j, is taken over', (content) => {
  writeFileSync(join(directory, 'local.json'), content)
  expect(runningOn(directory)).toBeUndefined()
  openDataDir(directory).close()
})

test('the port of the first start stays', () => {
  const first = openDataDir(directory)
  expect([first.port(0), first.port(undefined)]).toEqual([0, 4666])
  first.announce('http://127.0.0.1:4777', 4777)
  first.close()
  const second = openDataDir(directory)
  expect([second.port(0), second.port(undefined), second.port(4777)]).toEqual([4777, 4777, 4777])
  expect(() => second.port(4666)).toThrow(/^TG1104: .*`4777`.*`4666`/)
})

test('a temporary directory keeps nothing', () => {
  const temporary = openDataDir(undefined)
  expect(temporary.kept('x.json')).toBeUndefined()
  temporary.close()
  expect(existsSync(temporary.path)).toBe(false)
})

test('a document is read back whole, and a broken one is said to be so', () => {
  const file = join(directory, 'deep', 'document.json')
  const document = openDocument(file, { names: [] as string[] })
  document.value.names.push('ü')
  document.save()
  expect(openDocument(file, {}).value).toEqual({ names: ['ü'] })
  writeFileSync(file, '{"names"')
  expect(() => openDocument(file, {})).toThrow(/^TG9101: .*document\.json/)
})
