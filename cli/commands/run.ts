/** `tidegate run CADENCE [--table T] [--wait]`: starts the state machine as the cadence's schedule would. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import type { Command } from 'commander'
import { engineError } from '../../shared/aws/errors.ts'
import { ConfigurationError, InputError } from '../../shared/errors.ts'
import { shown } from '../../shared/files/shown.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { type ExecutionEnd, followRun } from '../lib/follow-run.ts'
import { plural } from '../lib/human.ts'
import { Interrupted, type SignalWatch, watchSignals } from '../lib/interrupted.ts'
import type { Output } from '../lib/output.ts'
import { type LedgerPorts, ledgerPorts } from '../lib/ports.ts'
import { type RunTotals, totalsOf } from '../lib/run-story.ts'
import { watchRun } from '../lib/watch-run.ts'
import { type Globals, outputOf } from './globals.ts'

export function addRun(program: Command): void {
  program
    .command('run')
    .description('start the state machine for a cadence, as its schedule would')
    .argument('<cadence>', 'e.g. 10_min_refresh')
    .option('--table <table>', 'only this one of its tables: ledger name or schema.table')
    .option('--wait', 'show what each batch and table does; exit 1 if a table failed')
    .action(async (cadence: string, options: { table?: string; wait?: boolean }, command: Command) => {
      const signals = options.wait ? watchSignals() : undefined
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const ports = ledgerPorts(deployment)
      await cadenceIsKnown(cadence, ports)
      const table = options.table === undefined ? undefined : await tableOf(cadence, options.table, ports)
      const signal = signals?.seen()
      if (signal) throw new Interrupted(signal, 'stopped: no run was started')
      const sfn = new SFNClient({})
      try {
        const execution = await start(sfn, deployment, { refresh_cadence: cadence, table })
        if (signals) await wait(sfn, execution, deployment, ports, output, signals)
        else output.result({ execution: execution.arn }, () => output.line(`started ${execution.name}`))
      } finally {
        sfn.destroy()
      }
    })
}

/** Its ledger name. Throws InputError TG2502 before anything starts. */
async function tableOf(cadence: string, wanted: string, ports: LedgerPorts): Promise<string> {
  const name = wanted.toLowerCase()
  const names = (await ports.config.tables(cadence)).map((table) => table.source_table_name)
  const found = names.find((one) => one === name) ?? names.find((one) => one === name.replace('.', '_'))
  if (found !== undefined) return found
  throw new InputError(
    'TG2502',
    `cadence \`${cadence}\` has no table \`${shown(wanted)}\`. \`tidegate status\` shows the cadence of each table.`,
  )
}

interface Execution {
  readonly arn: string
  readonly name: string
}

/** Throws ConfigurationError TG1503 before anything starts. */
async function cadenceIsKnown(cadence: string, ports: LedgerPorts): Promise<void> {
  const known = (await ports.config.cadences()).map((config) => config.refresh_cadence)
  if (known.includes(cadence)) return
  const there =
    known.length === 0 ? 'None is configured: `tidegate config apply FILE`.' : `There are: ${known.join(', ')}.`
  throw new ConfigurationError('TG1503', `there is no cadence \`${cadence}\`. ${there}`)
}

/** What the state machine takes; without `table` it is what a schedule gives. */
interface RunInput {
  readonly refresh_cadence: string
  readonly table: string | undefined
}

async function start(sfn: SFNClient, deployment: Deployment, runInput: RunInput): Promise<Execution> {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+Z/g, '')
  const name = `${runInput.refresh_cadence.slice(0, 40)}-${stamp}-${crypto.randomUUID().slice(0, 4)}`
  const stateMachineArn = deployment.stateMachineArn
  const { executionArn } = await sfn
    .send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(runInput) }))
    .catch((error: unknown) => {
      throw engineError(error, `starting \`${name}\` of \`${stateMachineArn}\``)
    })
  return { arn: executionArn ?? '', name }
}

const pollMs = 500

async function wait(
  sfn: SFNClient,
  execution: Execution,
  deployment: Deployment,
  ports: LedgerPorts,
  output: Output,
  signals: SignalWatch,
): Promise<void> {
  output.note(`started ${execution.name}`)
  const executionEnd = async (): Promise<ExecutionEnd | undefined> => {
    const found = await sfn.send(new DescribeExecutionCommand({ executionArn: execution.arn }))
    if (found.status === 'RUNNING') return undefined
    return { status: found.status ?? 'UNKNOWN', error: found.error ?? null, cause: found.cause ?? null }
  }
  const pause = () => sleep(pollMs)
  const follow = followRun(execution.name, { ...ports, controlBucket: deployment.controlBucket, executionEnd, pause })
  const totals = totalsOf(await watchRun(follow, execution.name, signals))
  output.result({ execution: execution.arn, ...totals }, () => output.line(summaryLine(totals)))
  if (totals.status !== 'SUCCEEDED' || totals.failed.length > 0) process.exitCode = 1
}

function summaryLine(totals: RunTotals): string {
  const n = (value: number): string => value.toLocaleString('en-US')
  const { inserted, updated, deleted, stale, duplicate } = totals.rows
  return (
    `${totals.status}: ${plural(totals.completed, 'table')} completed, ${n(totals.failed.length)} failed, ${n(totals.skipped)} skipped; ` +
    `${plural(totals.files, 'file')}; ${plural(inserted, 'row')} inserted, ${n(updated)} updated, ${n(deleted)} deleted, ` +
    `${n(stale)} stale, ${n(duplicate)} duplicate`
  )
}
