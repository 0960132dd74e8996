import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandTree } from '../../../cli/lib/command-tree.ts'
import { completionScript } from '../../../cli/lib/completion-script.ts'

const program = (): Command => {
  const root = new Command('tidegate').option('--json', 'as JSON').option('--stage <stage>', 'which one')
  const local = root.command('local').description("this machine's cloud")
  local.command('up').option('--port <port>', 'where').option('--data-dir <dir>', 'state')
  local.command('down')
  root.command('validate').argument('<file>', 'what')
  root.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'fish']))
  root.command('secret', { hidden: true })
  return root
}

describe('the completion script', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidegate-completion-'))
    for (const name of ['tidegate.yml', 'two words.yml']) writeFileSync(join(folder, name), '')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** What a real bash offers behind these words; the last one is being typed. */
  const offered = (...words: string[]): string[] => {
    const asked = `${completionScript('bash', commandTree(program()))}
COMP_WORDS=(tidegate "$@"); COMP_CWORD=$#; _tidegate; printf '%s\\n' "\${COMPREPLY[@]}"`
    const said = execFileSync('bash', ['-c', asked, 'bash', ...words], { cwd: folder, encoding: 'utf8' })
    return said.split('\n').filter((word) => word !== '')
  }

  it('offers commands, then those below the typed one', () => {
    expect(offered('')).toEqual(['local', 'validate', 'completion', '--json', '--stage', '--help'])
    expect(offered('l')).toEqual(['local'])
    expect(offered('local', '')).toEqual(expect.arrayContaining(['up', 'down']))
    expect(offered('--json', 'local', 'd')).toEqual(['down'])
  })

  it('offers options of the command and of every command', () => {
    expect(offered('local', 'up', '--')).toEqual(['--port', '--data-dir', '--json', '--stage', '--help'])
  })

  it('offers files and choices where an argument takes them, and nothing for a number', () => {
    expect(offered('validate', 'ti')).toEqual(['tidegate.yml'])
    expect(offered('validate', 'tw')).toEqual(['two words.yml'])
    expect(offered('local', 'up', '--data-dir', 'tw')).toEqual(['two words.yml'])
    expect(offered('local', 'up', '--data-dir', 'ti')).toEqual(['tidegate.yml'])
    expect(offered('local', 'up', '--port', '')).toEqual([])
    expect(offered('completion', 'f')).toEqual(['fish'])
  })

  it('tells fish the same, with descriptions quoted', () => {
    const lines = completionScript('fish', commandTree(program())).split('\n')
    expect(lines).toContain(
      "complete -c tidegate -n 'not __fish_seen_subcommand_from local validate completion' -a local -d 'this machine\\'s cloud'",
    )
    expect(lines).toContain(
      "complete -c tidegate -n '__fish_seen_subcommand_from local; and __fish_seen_subcommand_from up' -l data-dir -r -F -d 'state'",
    )
  })
})
