/** The program's commands as plain data: what help, the reference page and the shells' completions all say. */
import type { Command } from 'commander'

export interface CommandNode {
  /** Words after `tidegate`: `['local', 'up']`. */
  readonly path: readonly string[]
  readonly description: string
  /** As help prints it: `tidegate local up [options]`. */
  readonly usage: string
  readonly arguments: readonly Described[]
  readonly options: readonly OptionNode[]
  /** In the order of help. */
  readonly commands: readonly CommandNode[]
}

interface Described {
  readonly name: string
  readonly description: string
  /** Undefined where there is none; a flag's `false` is none. */
  readonly fallback: string | undefined
  readonly choices: readonly string[]
}

export interface OptionNode extends Described {
  /** `--port <port>`. */
  readonly flags: string
  /** `--port`; the name to complete. */
  readonly long: string
  readonly takesValue: boolean
}

/** Hidden commands and options are left out, and so is commander's own `help`. */
export function commandTree(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp()
  return {
    path,
    description: command.description(),
    usage: help.commandUsage(command),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      fallback: fallbackOf(argument.defaultValue),
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).flatMap((option) => {
      if (option.long === undefined || option.long === '--help') return []
      const { flags, long, description } = option
      const takesValue = option.required || option.optional
      const fallback = fallbackOf(option.defaultValue)
      return [{ name: option.name(), flags, long, description, takesValue, fallback, choices: option.argChoices ?? [] }]
    }),
    commands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map((child) => commandTree(child, [...path, child.name()])),
  }
}

/** The command itself, then all below it, each before its own. */
export function* everyCommand(node: CommandNode): Generator<CommandNode> {
  yield node
  for (const child of node.commands) yield* everyCommand(child)
}

const fallbackOf = (value: unknown): string | undefined =>
  value === undefined || value === false || value === '' ? undefined : String(value)
