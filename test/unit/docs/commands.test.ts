/** Every command of the documentation is run by a test, or says why it isn't; commands in running text exist. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { program } from '../../../cli/program.ts'
import { TASKS } from '../../../scripts/tasks.mjs'
import { allPages, blocksOf, followedBy, RUNNABLE, textOf } from '../../documents/page.ts'
import { root } from '../../e2e/support/tidegate.ts'

/** Languages of blocks that are no commands. Another word for `sh` would hide a command from the tests. */
const NO_COMMANDS = new Set(['', 'text', 'yaml', 'json', 'mermaid', 'properties', 'ts'])
const TEST = /\btest\/[\w./-]+\.ts\b/g

describe.each(allPages())('%s', (page) => {
  const text = textOf(page)
  const blocks = blocksOf(text)

  it('has only blocks that are run, shown or known to be no command', () => {
    const lines = [...text.matchAll(/^ *```|^<!-- setup$/gm)].map(([mark]) => mark)
    const fences = lines.filter((mark) => mark.endsWith('```')).length
    expect(blocks).toHaveLength(fences / 2 + lines.length - fences)
    for (const { language, line } of blocks)
      if (!RUNNABLE.has(language)) expect(NO_COMMANDS, `line ${line}: \`${language}\``).toContain(language)
    for (const { language, content, line } of blocks)
      if (!RUNNABLE.has(language))
        expect(content, `line ${line}: commands in no \`sh\` block`).not.toMatch(/^(npx|npm|aws) /m)
  })

  it('says why a command is not run, and the test that it names is there', () => {
    for (const { notRun, line } of blocks) {
      if (notRun === undefined) continue
      expect(notRun.length, `line ${line}: a reason`).toBeGreaterThan(15)
      for (const [test] of notRun.matchAll(TEST)) expect(existsSync(join(root, test)), test).toBe(true)
    }
  })

  it('is followed by the test that it names', () => {
    const test = followedBy(text)
    if (test !== undefined) expect(textOf(test)).toContain(`follow('${page}'`)
  })

  it('names in its text only commands and options that there are', () => {
    const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '')
    const wrong = [...prose.matchAll(/`(?:npx )?tidegate ([^`\n]+)`/g)].flatMap(([span, words = '']) =>
      problem(words, span),
    )
    expect(wrong).toEqual([])
  })

  it('names only tasks of npm that there are', () => {
    for (const [, task = ''] of text.matchAll(/npm run ([a-z:]+)/g)) expect(Object.keys(TASKS)).toContain(task)
  })
})

describe('the look at commands in running text', () => {
  it.each(['confg show T', 'config shwo T', 'status --wat', 'local fast-forward 10m --now', 'query --jsno "SELECT 1"'])(
    'finds what is wrong with `tidegate %s`',
    (words) => expect(problem(words, words)).toHaveLength(1),
  )
  it.each([
    'config show hr.salaries --file tidegate.yml',
    '--stage prod status T',
    'pause CADENCE',
    'init [FILE] --from DIR',
  ])('finds nothing wrong with `tidegate %s`', (words) => expect(problem(words, words)).toEqual([]))
})

/** `tidegate config show TABLE --file F`, word by word down the tree of commands. */
function problem(words: string, span: string): string[] {
  let command: Command = program()
  let named = false
  for (const word of words.replaceAll(/"[^"]*"/g, 'TEXT').split(/[\s,[\]|\\]+/)) {
    const option = /^--?[a-z][a-z-]*/.exec(word)?.[0]
    if (option !== undefined) {
      const known = [command, program()].some(({ options }) =>
        options.some(({ long, short }) => [long, short].includes(option)),
      )
      if (!known && option !== '--help') return [`${span}: \`${command.name()}\` has no option ${option}`]
      continue
    }
    const child = command.commands.find((candidate) => candidate.name() === word || candidate.aliases().includes(word))
    if (child) [command, named] = [child, true]
    else if (command.commands.length > 0 && /^[a-z]/.test(word) && !takesValue(words, word))
      return [`${span}: \`${command.name()}\` has no command ${word}`]
  }
  return named || words.startsWith('-') || words.startsWith('…') ? [] : [`${span} names no command`]
}

/** The value of `--stage prod` is no command. */
const takesValue = (words: string, word: string): boolean => new RegExp(`--[a-z-]+[ =]${word}\\b`).test(words)
