/** `tidegate local logs [component]`: what each part of the local cloud has written, also of one that has ended. */
import { statSync } from 'node:fs'
import type { Command } from 'commander'
import pc from 'picocolors'
import { tailOf } from '../../local/processes/guarded.ts'
import { ConfigurationError } from '../../shared/errors.ts'
import { type FunctionLogs, functionLogsOf } from '../lib/function-logs.ts'
import { limitOption } from '../lib/limit-option.ts'
import { runningCloud } from '../lib/local-admin.ts'
import { logFilesOf } from '../lib/local-log-files.ts'
import { lastHere, runningHere } from '../lib/local-pointer.ts'
import { driverLines, type LogLine } from '../lib/log-lines.ts'
import type { Output } from '../lib/output.ts'
import { type Globals, outputOf } from './globals.ts'

interface LogsOptions {
  readonly limit: number
}

/** Of a file, at most its last megabytes are looked at. */
const tailBytes = 4 * 1024 * 1024

export function addLocalLogs(local: Command): void {
  local
    .command('logs')
    .description("what one component has written; without one, which there are. A run's, together: `tidegate logs`")
    .argument('[component]', 'emulator, scheduler, step-functions, driver, … or a function: claim-batch, …')
    .addOption(limitOption('how many of the last lines', 200))
    .action(async (component: string | undefined, { limit }: LogsOptions, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const cloud = runningHere()
      const files = logFilesOf(cloud?.dataDir ?? lastHere()?.dataDir ?? runningCloud().dataDir)
      const functions = cloud && functionLogsOf(cloud)
      try {
        if (component === undefined) await list(files, functions, output)
        else show(component, await linesOf(component, limit, files, functions), output)
      } finally {
        functions?.close()
      }
    })
}

async function list(files: Record<string, string>, functions: FunctionLogs | undefined, output: Output): Promise<void> {
  const written = Object.entries(files).map(([component, path]) => {
    const { mtime, size } = statSync(path)
    return { component, last_written: mtime.toISOString(), bytes: size, where: path }
  })
  const named = (await functions?.names()) ?? []
  const inLogs = named.map((component) => ({ component, last_written: null, bytes: null, where: 'CloudWatch Logs' }))
  const all = [...written, ...inLogs]
  output.result({ components: all }, () =>
    output.table(all, [
      { title: 'COMPONENT', value: ({ component }) => component },
      { title: 'LAST WRITTEN', value: ({ last_written }) => last_written ?? '' },
      { title: 'WHERE', value: ({ where }) => where },
    ]),
  )
}

/** Throws ConfigurationError TG1512. */
async function linesOf(
  component: string,
  limit: number,
  files: Record<string, string>,
  functions: FunctionLogs | undefined,
): Promise<LogLine[]> {
  const file = Object.hasOwn(files, component) ? files[component] : undefined
  if (file !== undefined) return driverLines(tailOf(file, limit, tailBytes).join('\n'), component)
  const names = (await functions?.names()) ?? []
  if (functions && names.includes(component)) return functions.lines(component, limit)
  const known = [...Object.keys(files), ...names].map((name) => `\`${name}\``).join(', ')
  throw new ConfigurationError('TG1512', `\`${component}\` has written no log here. Name one of ${known}.`)
}

function show(component: string, lines: readonly LogLine[], output: Output): void {
  output.result({ component, lines: lines.map(({ at_ms, text }) => ({ at_ms, text })) }, () => {
    for (const { at_ms, text } of lines)
      output.line(at_ms === null ? text : `${pc.dim(new Date(at_ms).toISOString().slice(11, 23))} ${text}`)
  })
}
