/** Whatever is typed, `tidegate` ends with 0, 1 or 2, and says why by number or by its usage. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CommandNode, commandTree, everyCommand } from '../../../cli/lib/command-tree.ts'
import { endingOf } from '../../../cli/lib/ending.ts'
import { program } from '../../../cli/program.ts'
import { EXAMPLES, hostileText } from './hostile.ts'
import { type RefusingCloud, refusingCloud } from './refusing-cloud.ts'

/** They start programs or write files where they are told to: their arguments are parsed, and that is all. */
const NOT_RUN = ['local up', 'query', 'init', 'doctor']

function parsedOnly(root: Command): Command {
  for (const path of NOT_RUN) {
    const command = path
      .split(' ')
      .reduce<Command | undefined>((at, word) => at?.commands.find((one) => one.name() === word), root)
    if (!command) throw new Error(`there is no command ${path}`)
    command.action(() => {})
  }
  return root
}

const nodes = [...everyCommand(commandTree(program()))]
const environment = {
  AWS_MAX_ATTEMPTS: '1',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
}

const home = process.cwd()
let folder = ''
let cloud: RefusingCloud
beforeAll(async () => {
  cloud = await refusingCloud()
  folder = mkdtempSync(join(tmpdir(), 'tidegate-typed-'))
  process.chdir(folder)
  for (const [name, value] of Object.entries({ ...environment, AWS_ENDPOINT_URL: cloud.endpoint }))
    vi.stubEnv(name, value)
})
afterAll(async () => {
  await cloud.close()
  process.chdir(home)
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly exitCode: number
  readonly said: string
}

async function typed(words: readonly string[]): Promise<Ended> {
  let said = ''
  const write = (text: string | Uint8Array) => {
    said += String(text)
    return true
  }
  const streams = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')]
  for (const stream of streams) stream.mockImplementation(write)
  try {
    await parsedOnly(program()).parseAsync(words, { from: 'user' })
    return { exitCode: 0, said }
  } catch (error) {
    const { exitCode, message } = endingOf(error)
    return { exitCode, said: said + (message ?? '') }
  } finally {
    for (const stream of streams) stream.mockRestore()
  }
}

const word: fc.Arbitrary<string> = fc.oneof(
  hostileText,
  fc.constantFrom(
    '-1',
    '0',
    '1e999',
    '9'.repeat(400),
    '2026-01-01',
    '10m',
    '--',
    '-',
    '--json=',
    '--x',
    'sales_orders',
  ),
  fc.integer().map(String),
)

const optionOf = ({ options }: CommandNode): fc.Arbitrary<string[]> =>
  options.length === 0
    ? fc.constant([])
    : fc
        .tuple(fc.constantFrom(...options), fc.option(word))
        .map(([{ long }, value]) => (value === null ? [long] : [long, value]))

const words = fc.constantFrom(...nodes).chain((node) => {
  const parts = fc.array(
    fc.oneof(
      optionOf(node),
      word.map((one) => [one]),
    ),
    { maxLength: 6 },
  )
  return fc
    .tuple(parts, fc.constantFrom([], ['--json'], ['--aws']))
    .map(([list, more]) => [...node.path, ...more, ...list.flat()])
})

describe('tidegate', () => {
  it('ends with 0, 1 or 2, a number or its usage, and no stack trace, whatever is typed', async () => {
    const codes = new Set<number>()
    const numbers = new Set<string>()
    await fc.assert(
      fc.asyncProperty(words, fc.boolean(), async (typedWords, readable) => {
        cloud.readable = readable
        const { exitCode, said } = await typed(typedWords)
        codes.add(exitCode)
        expect([0, 1, 2]).toContain(exitCode)
        if (exitCode > 0) expect(said).toMatch(/TG\d{4}: |error: |Usage: /)
        expect(said).not.toMatch(/TG9601|\n {4}at /)
        for (const [number] of said.matchAll(/TG\d{4}(?=: )/g)) numbers.add(number)
      }),
      { numRuns: EXAMPLES },
    )
    // It does get as far as the commands: usage errors alone would say nothing about them.
    expect([...codes].sort()).toContain(2)
    expect(numbers.size).toBeGreaterThan(1)
    expect(cloud.refused()).toBeGreaterThan(0)
  })

  it('gives what nobody foresaw a number too', () => {
    expect(endingOf(new TypeError('x is not a function'))).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^TG9601: .*`x is not a function`/),
    })
  })

  it('leaves nothing behind', () => expect(readdirSync(folder)).toEqual([]))
})
