/** Asks before a verb changes something: on a terminal, unless `--yes` says it beforehand. */
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { ConfigurationError } from '../../shared/errors.ts'
import { Interrupted } from './interrupted.ts'

export interface ChangeOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** `--dry-run` and `--yes`, for every verb that changes something. */
export const addChangeOptions = (command: Command): Command =>
  command
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'do not ask; needed where nobody sits at a terminal')

/** True if somebody agrees. Throws ConfigurationError TG1540 where nobody can be asked, Interrupted for Ctrl-C. */
export async function confirmed(
  question: string,
  { yes }: ChangeOptions,
  input: NodeJS.ReadStream = process.stdin,
): Promise<boolean> {
  if (yes) return true
  if (!input.isTTY)
    throw new ConfigurationError(
      'TG1540',
      `nobody can be asked "${question}" since there is no terminal. Look with \`--dry-run\`, then say \`--yes\`.`,
    )
  // The question goes where remarks go: standard output may be JSON.
  const terminal = createInterface({ input, output: process.stderr, prompt: `${question} [y/N] ` })
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted('SIGINT', 'nothing was changed')))
      terminal.once('line', (answer) => resolve(/^y(es)?$/i.test(answer.trim())))
      terminal.once('close', () => resolve(false))
      terminal.prompt()
    })
  } finally {
    terminal.close()
  }
}
