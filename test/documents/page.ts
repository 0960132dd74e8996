/**
 * A page of the documentation as its reader follows it: its blocks in order, run in one shell, compared with what the page shows.
 *
 * | in the page | what happens |
 * |---|---|
 * | block `sh` | run in bash; what it exports stays for later blocks |
 * | block `python`, `sql` | run with `.venv/bin/python`, with `npx tidegate query` |
 * | block `text` | each line stands in what the block before it printed; `…` stands for anything |
 * | `<!-- file: PATH -->` before a block | the block is written to that file, as the reader does in an editor |
 * | `<!-- exit: N -->` before a block | it must end with that code instead of 0 |
 * | `<!-- not run: REASON -->` before a block | left out with the `text` behind it; a reason that names a test is held to it |
 * | `<!-- setup` … `-->` | commands that the reader has behind them; run at their place |
 * | `<!-- run by test/…/NAME.test.ts -->` | that test follows the page, not `pages.test.ts` |
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Ended, root, run, Workplace } from '../e2e/support/tidegate.ts'

export interface Block {
  readonly language: string
  readonly content: string
  /** Of the fence, in the page. */
  readonly line: number
  readonly file?: string
  readonly exit: number
  readonly notRun?: string
}

/** Languages whose blocks are commands: each is run, or says why not. */
export const RUNNABLE: ReadonlySet<string> = new Set(['sh', 'python', 'sql'])

const BLOCK =
  /(?:^ *<!-- (?<mark>file|exit|not run): (?<value>[^\n]*?) -->\n)?^(?<indent> *)```(?<language>[\w-]*)\n(?<content>.*?)^\k<indent>```$|^<!-- setup\n(?<setup>.*?)^-->$/gms

export function blocksOf(markdown: string): Block[] {
  const blocks = [...markdown.matchAll(BLOCK)].map(({ 0: whole, index, groups = {} }): Block => {
    const { mark, value = '', indent = '', language = '', content = '', setup } = groups
    const line = markdown.slice(0, index + Math.max(0, whole.indexOf('```'))).split('\n').length
    if (setup !== undefined) return { language: 'sh', content: setup, line, exit: 0 }
    return {
      language,
      content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line,
      exit: mark === 'exit' ? Number(value) : 0,
      ...(mark === 'file' ? { file: value } : {}),
      ...(mark === 'not run' ? { notRun: value } : {}),
    }
  })
  return blocks.map((block, place) => {
    const notRun = block.notRun ?? (block.language === 'text' ? blocks[place - 1]?.notRun : undefined)
    return notRun === undefined ? block : { ...block, notRun }
  })
}

/** The test that a page names as the one that follows it. */
export const followedBy = (markdown: string): string | undefined => /^<!-- run by (\S+) -->$/m.exec(markdown)?.[1]

/** Every page for readers, relative to the repository. */
export function allPages(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const pages = docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file.replaceAll('\\', '/')}`)
  return ['README.md', 'CONTRIBUTING.md', 'spark-jobs/README.md', ...pages.sort()]
}

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

/** A folder that looks like the repository's to the page's commands: `npx tidegate` and the Python environment are the real ones. */
export class Reader {
  readonly place = new Workplace()
  private readonly path: string

  constructor() {
    for (const made of ['.venv', '.jars']) symlinkSync(join(root, made), join(this.place.folder, made))
    const tools = join(this.place.folder, '.tools')
    mkdirSync(tools)
    const npx = `#!/bin/sh\n[ "$1" = tidegate ] || exit 64\nshift\nexec '${process.execPath}' '${join(root, 'cli/tidegate.mjs')}' "$@"\n`
    writeFileSync(join(tools, 'npx'), npx)
    chmodSync(join(tools, 'npx'), 0o755)
    this.path = `${tools}:${process.env.PATH}`
  }

  /** Follows the page to its end; the first block that does not what the page says throws, with its line. */
  async follow(page: string, edit: (content: string, block: Block) => void = () => {}): Promise<void> {
    let last: Ended = { code: 0, stdout: '', stderr: '' }
    for (const block of blocksOf(textOf(page))) {
      if (block.notRun !== undefined) continue
      if (block.file !== undefined) this.write(block.file, block.content)
      else if (RUNNABLE.has(block.language)) {
        last = await this.runBlock(block)
        if (last.code !== block.exit)
          throw new Error(
            `${page}:${block.line} ended with ${last.code}:\n${block.content}\n${last.stdout}\n${last.stderr}`,
          )
      } else if (block.language === 'text') {
        const printed = `${last.stdout}\n${last.stderr}`.split('\n')
        for (const line of block.content.trimEnd().split('\n'))
          if (!printed.some((candidate) => like(line).test(candidate)))
            throw new Error(`${page}:${block.line}: nothing like \`${line}\` in:\n${last.stdout}\n${last.stderr}`)
      } else edit(block.content, block)
    }
  }

  close(): Promise<void> {
    return this.place.close()
  }

  private async runBlock({ language, content }: Block): Promise<Ended> {
    if (language === 'sh') return this.shell(content)
    this.write(`.tools/block.${language}`, content)
    return this.shell(
      language === 'python' ? '.venv/bin/python .tools/block.python' : 'npx tidegate query "$(cat .tools/block.sql)"',
    )
  }

  private shell(script: string): Promise<Ended> {
    const kept = `'${join(this.place.folder, '.tools', 'environment')}'`
    const whole = `[ ! -e ${kept} ] || . ${kept}\n${script}\nexport -p > ${kept}`
    return run('bash', ['-e', '-c', whole], this.place.folder, { PATH: this.path })
  }

  private write(file: string, content: string): void {
    const path = join(this.place.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** Columns may be wider than shown. */
function like(line: string): RegExp {
  const escaped = line.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('…', '.*').replaceAll(/ {2,}/g, ' +')}$`)
}
