/** `tidegate local status`: where the local cloud of this folder is, and what it is at. */
import type { Command } from 'commander'
import pc from 'picocolors'
import type { LocalReport } from '../../local/admin.ts'
import { duration } from '../lib/human.ts'
import { askLocalCloud, runningCloud } from '../lib/local-admin.ts'
import { logFilesOf } from '../lib/local-log-files.ts'
import { type RunningCloud, runningHere } from '../lib/local-pointer.ts'
import type { Output } from '../lib/output.ts'
import { type Globals, outputOf } from './globals.ts'

export function addLocalStatus(local: Command): void {
  local
    .command('status')
    .description('where it is and what it is at; exit 1 if none runs in this folder')
    .action(async (_: unknown, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const cloud = runningHere()
      if (cloud) await show(cloud, output)
      else nothingRuns(output)
    })
}

/** An answer, not a mistake of the caller's: scripts ask this. */
function nothingRuns(output: Output): void {
  process.exitCode = 1
  try {
    runningCloud()
  } catch (error) {
    output.result({ running: false }, () => output.note((error as Error).message))
  }
}

async function show(cloud: RunningCloud, output: Output): Promise<void> {
  const report = await askLocalCloud<LocalReport>(cloud, 'GET status')
  const logs = logFilesOf(cloud.dataDir)
  const { endpoint, pid, dataDir: data_dir } = cloud
  output.result({ running: true, endpoint, pid, data_dir, logs, ...report }, () => {
    for (const [name, value] of lines(cloud, report)) output.line(`${pc.bold(name.padEnd(12))}${value}`)
    output.line()
    output.table(report.queues, [
      { title: 'QUEUE', value: (queue) => queue.name },
      { title: 'WAITING', value: (queue) => String(queue.visible), right: true },
      { title: 'IN FLIGHT', value: (queue) => String(queue.in_flight), right: true },
    ])
    output.line()
    for (const [name, path] of Object.entries(logs)) output.line(`${pc.bold(`${name} log`.padEnd(20))}${path}`)
  })
}

const lines = ({ endpoint, pid, dataDir }: RunningCloud, report: LocalReport): [string, string][] => [
  ['endpoint', endpoint],
  ['process', String(pid)],
  ['data', dataDir],
  ['emulator', report.emulator.healthy ? 'healthy' : pc.red('does not answer')],
  ['executions', `${report.executions.running} running`],
  ['job runs', `${report.job_runs.running} running, ${report.job_runs.waiting} waiting`],
  ['schedules', schedulesText(report)],
]

function schedulesText({ scheduler }: LocalReport): string {
  const paused = scheduler.schedules.filter(({ state }) => state === 'DISABLED').map(({ name }) => name)
  return [
    `${scheduler.schedules.length}, ${scheduler.firing ? 'firing' : 'fired by `local fast-forward` only'}`,
    ...(paused.length > 0 ? [`paused: ${paused.join(', ')}`] : []),
    ...(scheduler.ahead_ms > 0 ? [`their clock is ${duration(scheduler.ahead_ms)} ahead`] : []),
  ].join('; ')
}
