/** The tutorial, as a reader follows it: every command is taken from the page, run in a shell, and compared with what the page shows. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, root, run, Workplace } from './support/tidegate.ts'

interface Block {
  readonly language: string
  readonly content: string
}

const page = readFileSync(join(root, 'docs/tutorial.md'), 'utf8')
const blocks: Block[] = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', content = '']) => ({
  language,
  content,
}))

describe('docs/tutorial.md', () => {
  let place: Workplace
  let path = ''

  beforeAll(() => {
    place = new Workplace()
    // A folder of its own that looks like the repository's: `npx tidegate` and the Python environment are the real ones.
    symlinkSync(join(root, '.venv'), join(place.folder, '.venv'))
    const tools = join(place.folder, 'tools')
    mkdirSync(tools)
    const npx = `#!/bin/sh\n[ "$1" = tidegate ] || exit 64\nshift\nexec '${process.execPath}' '${join(root, 'cli/tidegate.mjs')}' "$@"\n`
    writeFileSync(join(tools, 'npx'), npx)
    chmodSync(join(tools, 'npx'), 0o755)
    path = `${tools}:${process.env.PATH}`
  })
  afterAll(() => place?.close())

  const shell = (script: string): Promise<Ended> => run('bash', ['-e', '-c', script], place.folder, { PATH: path })

  it('says nothing that it does not keep', async () => {
    let last: Ended | undefined
    for (const { language, content } of blocks) {
      if (language === 'sh') {
        last = await shell(content)
        expect(last.code, `${content}\n${last.stdout}\n${last.stderr}`).toBe(0)
      } else if (language === 'text') {
        for (const line of content.trimEnd().split('\n')) expect(last?.stdout.split('\n')).toContainEqual(like(line))
      } else {
        fillIn(join(place.folder, 'mine/tidegate.yml'), content)
      }
    }
    expect(last?.stderr).toBe('')
  })
})

/** `…` stands for anything; columns may be wider than shown. */
function like(line: string): unknown {
  const escaped = line.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return expect.stringMatching(new RegExp(`^${escaped.replaceAll('…', '.*').replaceAll(/ {2,}/g, ' +')}$`))
}

/** What the reader does in an editor. The page may differ from what was written only where it asks the reader to fill in. */
function fillIn(file: string, wanted: string): void {
  const written = readFileSync(file, 'utf8').split('\n')
  const lines = wanted.split('\n')
  const asked = written.flatMap((line, index) => (line.includes('# FILL IN') ? [index] : []))
  expect(asked).toHaveLength(2)
  const unasked = (all: readonly string[]) => all.filter((_, index) => !asked.includes(index))
  expect(unasked(lines)).toEqual(unasked(written))
  writeFileSync(file, wanted)
}
