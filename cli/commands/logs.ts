/** `tidegate logs RUN`: what the functions and the Spark driver of one run wrote, together in time. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { EngineError, messageOf, TidegateError } from '../../shared/errors.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import { logSourcesOf } from '../lib/log-sources.ts'
import type { Output } from '../lib/output.ts'
import { type RunLogs, runLogs } from '../lib/run-logs.ts'
import { type Globals, outputOf } from './globals.ts'

export function addLogs(program: Command): void {
  program
    .command('logs')
    .description('the logs of one run, together in time: its steps and its Spark driver')
    .argument('<run>', 'a run id (one batch), or the name of an execution (all of its batches)')
    .action(async (run: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const sources = logSourcesOf(deployment)
      const names = { functions: deployment.stack, job: deployment.glueJobName }
      try {
        const found = await runLogs(run, names, sources)
        output.result(found, () => show(found, output))
      } catch (error) {
        throw error instanceof TidegateError ? error : unreadable(run, error)
      } finally {
        sources.close()
      }
    })
}

const unreadable = (run: string, error: unknown): EngineError =>
  new EngineError(
    'TG5606',
    `the logs of \`${run}\` can't be read (${messageOf(error)}). Is the cloud up, and may you read executions, job runs and log groups?`,
    { cause: error },
  )

function show({ lines, job_runs }: RunLogs, output: Output): void {
  const width = Math.max(0, ...lines.map((line) => line.component.length))
  for (const { at_ms, component, text } of lines) {
    const time = at_ms === null ? ' '.repeat(12) : new Date(at_ms).toISOString().slice(11, 23)
    output.line(`${pc.dim(time)} ${pc.cyan(component.padEnd(width))} ${coloured(text)}`)
  }
  const states = job_runs.map(({ id, state }) => `\n  ${id} ${state}`).join('')
  output.note(`${plural(lines.length, 'line')}, times in UTC; ${plural(job_runs.length, 'job run')}${states}`)
}

function coloured(text: string): string {
  if (/^(ERROR|CRITICAL|FATAL)\b/.test(text)) return pc.red(text)
  return /^WARN/.test(text) ? pc.yellow(text) : text
}
