/** `tidegate reconcile`: the staging bucket against the ledger, now and by hand; the same work as the scheduled function's. */
import { type Command, Option } from 'commander'
import pc from 'picocolors'
import { createDocumentClient } from '../../shared/aws/clients.ts'
import { createDynamoFileCensus } from '../../shared/aws/dynamodb-file-census.ts'
import { tableNames } from '../../shared/aws/tables.ts'
import { sourcesFrom } from '../../shared/landing/sources.ts'
import { audited } from '../../shared/operate/audit.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import type { ReconcileOptions, ReconcilePorts } from '../../shared/reconcile/options.ts'
import { reconcile } from '../../shared/reconcile/reconcile.ts'
import type { ReconcileReport } from '../../shared/reconcile/report.ts'
import { addChangeOptions, type ChangeOptions, confirmed } from '../lib/confirm.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { durationOf } from '../lib/duration.ts'
import { ago, number, plural } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { auditPorts, ledgerPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { ledgerNameOf } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

interface Asked extends ChangeOptions {
  readonly source?: string
  readonly table?: string
  /** Milliseconds. */
  readonly minAge: number
  readonly reason?: string
}

export function addReconcile(program: Command): void {
  const command = program
    .command('reconcile')
    .description(
      'list the staging bucket against the ledger: land what no event announced, name what the bucket lost, hold what was truncated',
    )
    .option('--source <source>', 'only what lies under this source of the configuration')
    .option('--table <table>', 'only files of this table: ledger name or schema.table')
    .addOption(
      new Option('--min-age <duration>', 'younger objects are left to their events; 0 leaves none')
        .default(60 * 60_000, '60m')
        .argParser((text) => (text === '0' ? 0 : durationOf(text))),
    )
    .addOption(reasonOption())
    .action(async (asked: Asked, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      if (
        asked.dryRun !== true &&
        !(await confirmed(`land every file of ${targetOf(asked)} that has no event?`, asked))
      ) {
        output.note('nothing was changed')
        process.exitCode = 1
        return
      }
      const report = await reconciled(asked, deployment, output)
      output.result(report, () => show(report, output))
      if (report.lost + report.truncated > 0) process.exitCode = 1
    })
  addChangeOptions(command)
}

const targetOf = ({ source, table }: Asked): string =>
  [...(source ? [`source ${source}`] : []), ...(table ? [ledgerNameOf(table)] : [])].join(', ') || 'all'

async function reconciled(asked: Asked, deployment: Deployment, output: Output): Promise<ReconcileReport> {
  const options: ReconcileOptions = {
    source: asked.source,
    table: asked.table === undefined ? undefined : ledgerNameOf(asked.table),
    dryRun: asked.dryRun === true,
    youngMs: asked.minAge,
    progress: (objects) => {
      if (objects % 100_000 < 1_000 && objects >= 100_000) output.note(`${number(objects)} objects so far`)
    },
  }
  const ports = portsOf(deployment)
  if (options.dryRun) return reconcile(options, ports)
  const act = { verb: 'reconcile', target: targetOf(asked), reason: asked.reason ?? null }
  return audited(act, auditPorts(deployment), async (note) => {
    const report = await reconcile(options, ports)
    note({ objects: report.objects, landed: report.landed, lost: report.lost, truncated: report.truncated })
    return report
  })
}

function portsOf(deployment: Deployment): ReconcilePorts {
  const { files, objects, tables, config } = ledgerPorts(deployment)
  return {
    files,
    objects,
    tables,
    config,
    census: createDynamoFileCensus(createDocumentClient(), tableNames(deployment.tablePrefix)),
    sources: sourcesFrom(objects, deployment.controlBucket, systemClock),
    clock: systemClock,
    signals: { count: () => {} },
    stagingBucket: deployment.stagingBucket,
    historyTtlMs: deployment.historyTtlMs,
  }
}

function show(report: ReconcileReport, output: Output): void {
  const now = Date.now()
  output.line(`${plural(report.objects, 'object')} on the staging bucket`)
  const would = report.dry_run ? 'would be landed' : 'landed'
  const lines: [number, string][] = [
    [report.known, 'known to the ledger'],
    [report.landed, `${would}, since no event had announced them`],
    [report.young, 'too young: their events may be on their way (--min-age)'],
    [report.ignored, 'no files of tables'],
    [report.gone, 'went away in the meantime'],
    [report.beyond_history, 'older than history remembers, hence not landed: put them again if they are new'],
  ]
  for (const [count, text] of lines) if (count > 0) output.line(`  ${number(count)} ${text}`)
  for (const { table, key, put_at_s } of report.examples.landed)
    output.line(`    ${table}  ${key}  put ${ago(put_at_s * 1000, now)}`)
  for (const [code, { objects, example }] of Object.entries(report.refused))
    output.line(pc.yellow(`  ${number(objects)} refused with ${code}, for example: ${example}`))
  output.line(`${plural(report.waiting, 'waiting file')} looked at, ${lostText(report)}`)
  for (const { table, key, what, file_id } of report.examples.lost)
    output.line(pc.red(`    ${table}  ${key}  ${what}  ${file_id}`))
  if (report.truncated > 0)
    output.line(
      pc.red(`${plural(report.truncated, 'table')} truncated at its source${report.dry_run ? '' : ', and held'}`),
    )
  for (const { table, truncated_at_s } of report.examples.truncated)
    output.line(pc.red(`    ${table}  nothing is left that was put more than ${ago(truncated_at_s * 1000, now)}`))
  if (report.without_files > 0)
    output.line(`${plural(report.without_files, 'table')} without any file, as a lifecycle rule leaves them`)
}

const lostText = ({ lost }: ReconcileReport): string =>
  lost === 0 ? 'each with its object' : pc.red(`${number(lost)} without the object that they say`)
