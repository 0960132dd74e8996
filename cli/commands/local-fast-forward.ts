/** `tidegate local fast-forward DURATION`: the schedules' clock moves on, and what is due in that time fires now. */
import type { Command } from 'commander'
import type { FastForwarded } from '../../local/admin.ts'
import { durationOf } from '../lib/duration.ts'
import { plural } from '../lib/human.ts'
import { askLocalCloud, runningCloud } from '../lib/local-admin.ts'
import { type Globals, outputOf } from './globals.ts'

export function addLocalFastForward(local: Command): void {
  local
    .command('fast-forward')
    .description("move the schedules' clock on and fire what is due in that time; runs start at once, side by side")
    .argument('<duration>', 'e.g. 90s, 10m, 3h, 7d')
    .action(async (text: string, _: unknown, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const ms = durationOf(text)
      const { fired } = await askLocalCloud<FastForwarded>(runningCloud(), 'POST fast-forward', { ms })
      output.result({ fired }, () => {
        for (const one of fired)
          output.line(
            `${one.scheduled_time} ${one.schedule}: ${one.result === 'started' ? `started ${nameOf(one.execution)}` : `${one.result.replace('_', ' ')}: ${one.error}`}`,
          )
        output.line(`fired ${plural(fired.length, 'time')} in ${text}`)
      })
      if (fired.some(({ result }) => result !== 'started')) process.exitCode = 1
    })
}

const nameOf = (executionArn: string): string => executionArn.split(':').at(-1) ?? executionArn
