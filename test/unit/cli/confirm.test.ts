import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { confirmed } from '../../../cli/lib/confirm.ts'

const typed = (text: string): NodeJS.ReadStream => {
  const input = new PassThrough()
  input.end(text)
  return Object.assign(input, { isTTY: true }) as unknown as NodeJS.ReadStream
}

it.each([
  ['y\n', true],
  ['YES\n', true],
  ['n\n', false],
  ['\n', false],
  ['yesterday\n', false],
  ['', false],
])('the answer %j is %s', async (text, agreed) => {
  expect(await confirmed('hold `t`?', {}, typed(text))).toBe(agreed)
})

it('is not asked with --yes, and never assumed where nobody can be asked', async () => {
  const nobody = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.ReadStream
  expect(await confirmed('hold `t`?', { yes: true }, nobody)).toBe(true)
  await expect(confirmed('hold `t`?', {}, nobody)).rejects.toMatchObject({ code: 'TG1540' })
})
