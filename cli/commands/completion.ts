/** `tidegate completion SHELL`: a script that teaches a shell the commands and options. */
import { Argument, type Command } from 'commander'
import { commandTree } from '../lib/command-tree.ts'
import { completionScript, type Shell, shells } from '../lib/completion-script.ts'
import { type Globals, outputOf } from './globals.ts'

const USAGE = `
bash, in ~/.bashrc:                     alias tidegate='npx tidegate'; eval "$(npx tidegate completion bash)"
zsh, in ~/.zshrc:                       alias tidegate='npx tidegate'; eval "$(npx tidegate completion zsh)"
fish, in ~/.config/fish/config.fish:    alias tidegate 'npx tidegate'; npx tidegate completion fish | source`

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'the shell to print it for').choices(shells))
    .addHelpText('after', USAGE)
    .action((shell: Shell, _: unknown, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const script = completionScript(shell, commandTree(program))
      output.result({ shell, script }, () => output.line(script.trimEnd()))
    })
}
