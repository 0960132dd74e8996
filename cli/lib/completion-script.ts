/** Completion scripts for bash, zsh and fish, made from the tree of commands. */
import { type CommandNode, everyCommand, type OptionNode } from './command-tree.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export function completionScript(shell: Shell, root: CommandNode): string {
  if (shell === 'fish') return fishScript(root)
  // zsh runs bash's completion functions itself: one script that is tested serves both.
  const compatible = shell === 'zsh' ? 'autoload -U +X compinit bashcompinit && compinit && bashcompinit\n' : ''
  return compatible + bashScript(root)
}

const FILE_LIKE = /file|dir|folder/i

/**
 * The function follows the words typed so far down the tree, then offers what is known there: commands, options, choices, and
 * files where an argument or an option's value is one.
 */
function bashScript(root: CommandNode): string {
  const nodes = [...everyCommand(root)]
  const steps = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')))
  const offers = nodes.map((node) => {
    const words = [
      ...node.commands.map(({ path }) => path.at(-1) ?? ''),
      ...node.arguments.flatMap(({ choices }) => choices),
      ...[...node.options, ...(node === root ? [] : root.options)].map(({ long }) => long),
      '--help',
    ]
    const files = node.arguments.some(({ name }) => FILE_LIKE.test(name)) ? ' files=yes' : ''
    return `    ${quoted(node.path.join(' '))}) words=${quoted(words.join(' '))}${files} ;;`
  })
  const options = nodes.flatMap((node) => node.options)
  const flags = (wanted: (option: OptionNode) => boolean): string =>
    [...new Set(options.filter((option) => option.takesValue && wanted(option)).map(({ long }) => long))].join('|') ||
    '--'
  const isFile = (option: OptionNode): boolean => FILE_LIKE.test(option.flags)
  return `# tidegate completion
_tidegate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at='' words='' files='' word i
  COMPREPLY=()
  case "$previous" in
    ${flags(isFile)}) local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${flags((option) => !isFile(option))}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${at:+$at }\${COMP_WORDS[i]}"
    case "$word" in
      ${steps.join('|')}) at="$word" ;;
    esac
  done
  case "$at" in
${offers.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n "$files" && "$current" != -* ]]; then
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _tidegate tidegate
`
}

function fishScript(root: CommandNode): string {
  const lines = [...everyCommand(root)].flatMap((node) => {
    const seen = node.path.map((word) => `__fish_seen_subcommand_from ${word}`)
    const names = node.commands.map(({ path }) => path.at(-1) ?? '')
    const unseen = names.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names.join(' ')}`]
    const here = [...seen, ...unseen].join('; and ')
    const files = node.path.length > 0 && node.arguments.some(({ name }) => FILE_LIKE.test(name))
    return [
      ...(files ? [offer(seen.join('; and '), '-F')] : []),
      ...node.commands.map(({ path, description }) => offer(here, `-a ${path.at(-1)}`, description)),
      ...node.arguments.flatMap(({ choices }) => choices.map((choice) => offer(seen.join('; and '), `-a ${choice}`))),
      ...node.options.map((option) =>
        offer(
          seen.join('; and '),
          `-l ${option.long.slice(2)}${option.takesValue ? ' -r' : ''}${option.takesValue && FILE_LIKE.test(option.flags) ? ' -F' : ''}`,
          option.description,
        ),
      ),
    ]
  })
  return ['# tidegate completion', 'complete -c tidegate -f', ...lines, ''].join('\n')
}

const offer = (condition: string, what: string, description = ''): string =>
  [
    'complete -c tidegate',
    ...(condition === '' ? [] : [`-n ${fishQuoted(condition)}`]),
    what,
    ...(description === '' ? [] : [`-d ${fishQuoted(description)}`]),
  ].join(' ')

/** Names of commands and options are words of ours; quoting keeps it so when one is not. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
