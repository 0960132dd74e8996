/** `tidegate pause | resume CADENCE`: the cadence's schedule stops, or starts again, to start runs. */
import type { Command } from 'commander'
import { findDeployment } from '../lib/deployment.ts'
import { schedulesOf } from '../lib/ports.ts'
import { type Globals, outputOf } from './globals.ts'

export function addPause(program: Command): void {
  add(program, 'pause', false, 'stop its schedule; runs at work go on, and `run` still starts one', 'paused')
  add(program, 'resume', true, 'let a paused schedule start runs again; times that went by are not made up', 'resumed')
}

function add(program: Command, name: string, enabled: boolean, description: string, done: string): void {
  program
    .command(name)
    .description(description)
    .argument('<cadence>', 'e.g. 10_min_refresh')
    .action(async (cadence: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      await schedulesOf(await findDeployment(globals, output)).setEnabled(cadence, enabled)
      output.result({ cadence, state: enabled ? 'enabled' : 'paused' }, () => output.line(`${done} ${cadence}`))
    })
}
