/** Does the deployment work, and does anything in it wait for somebody? */
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { tableNames } from '../../../shared/aws/tables.ts'
import { sourcesDocument } from '../../../shared/contracts/config.ts'
import { controlLayout } from '../../../shared/contracts/control-layout.ts'
import { jsonOf } from '../../../shared/documents.ts'
import type { ScheduleState } from '../../../shared/ports/schedules.ts'
import { withQuarantined } from '../../../shared/status/quarantined.ts'
import type { TableStatusRow } from '../../../shared/status/row.ts'
import { tableStatuses } from '../../../shared/status/table-status.ts'
import type { Deployment } from '../deployment.ts'
import { ago, plural } from '../human.ts'
import { ledgerPorts, schedulesOf } from '../ports.ts'
import { type Queues, queuesOf } from '../queues.ts'
import { type Finding, fail, looking, ok, warn } from './finding.ts'

const RIGHTS = 'deploy this version; may you read it?'

export async function deployedFindings(deployment: Deployment): Promise<Finding[]> {
  const ports = ledgerPorts(deployment)
  const found = await Promise.all([
    looking('ledger', RIGHTS, () => ledger(deployment.tablePrefix)),
    looking('sources', RIGHTS, async () => [
      sources(await ports.objects.get(deployment.controlBucket, controlLayout.sources)),
    ]),
    looking('schedules', RIGHTS, async () => {
      const configured = (await ports.config.cadences()).map((cadence) => cadence.refresh_cadence)
      return scheduleFindings(configured, await schedulesOf(deployment).states())
    }),
    looking('queues', RIGHTS, async () => queueFindings(await queuesOf(deployment))),
    looking('tables', RIGHTS, async () =>
      tableFindings(await withQuarantined(await tableStatuses(ports), ports.files)),
    ),
  ])
  return found.flat()
}

async function ledger(prefix: string): Promise<Finding[]> {
  const client = new DynamoDBClient({})
  const names = Object.values(tableNames(prefix))
  try {
    const states = await Promise.all(
      names.map(async (TableName) => (await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus),
    )
    const bad = names.filter((_, index) => states[index] !== 'ACTIVE' && states[index] !== 'UPDATING')
    if (bad.length > 0)
      return [fail('ledger', `not active: ${bad.join(', ')}`, 'wait until the deployment is complete')]
    return [ok('ledger', `${plural(names.length, 'DynamoDB table')} answer`)]
  } finally {
    client.destroy()
  }
}

/** `document` is what `config apply` left on the control bucket. */
export function sources(document: string | undefined): Finding {
  const apply = '`tidegate config apply FILE`: until then, files that land go to the dead letters'
  if (document === undefined) return fail('sources', 'no configuration is applied', apply)
  const parsed = sourcesDocument.safeParse(jsonOf(document))
  if (!parsed.success) return fail('sources', `\`${controlLayout.sources}\` is not of this version`, apply)
  const count = plural(Object.keys(parsed.data.sources).length, 'source')
  return ok('sources', `${count}, applied ${ago(parsed.data.applied_at_ms, Date.now())}`)
}

/** Cadences that are configured against those that have a schedule, and whether it fires. */
export function scheduleFindings(configured: readonly string[], states: ReadonlyMap<string, ScheduleState>): Finding[] {
  const deployed = [...states.keys()]
  const without = configured.filter((cadence) => !deployed.includes(cadence))
  const unused = deployed.filter((cadence) => !configured.includes(cadence))
  const found = [
    ...without.map((name) =>
      fail('schedules', `cadence \`${name}\` has no schedule: nothing starts it`, 'deploy with the file that has it'),
    ),
    ...unused.map((name) =>
      warn(
        'schedules',
        `schedule \`${name}\` has no cadence: its runs fail`,
        'apply the file that has it, or deploy without it',
      ),
    ),
    ...deployed
      .filter((name) => states.get(name) === 'paused' && configured.includes(name))
      .map((name) => warn('schedules', `cadence \`${name}\` is paused: its files wait`, `\`tidegate resume ${name}\``)),
  ]
  return found.length > 0 ? found : [ok('schedules', `${plural(deployed.length, 'schedule')}, one for each cadence`)]
}

export function queueFindings({ events_on_their_way, dead_letters }: Queues): Finding[] {
  const full = dead_letters.filter(({ messages }) => messages > 0)
  return [
    ok(
      'queues',
      `${events_on_their_way === 0 ? 'no event' : plural(events_on_their_way, 'event')} on the way to the ledger`,
    ),
    ...(full.length === 0 ? [ok('dead letters', `none in ${plural(dead_letters.length, 'queue')}`)] : []),
    ...full.map(({ queue, messages }) =>
      fail(
        'dead letters',
        `${plural(messages, 'message')} in \`${queue}\``,
        '`tidegate dlq list` tells why: mend it, then `tidegate dlq replay`',
      ),
    ),
  ]
}

export function tableFindings(rows: readonly TableStatusRow[]): Finding[] {
  const found = rows.flatMap((row) => {
    const says = `\`${row.table}\` ${row.status}${row.reason === null ? '' : `: ${row.reason}`}`
    if (row.status === 'held' || row.status === 'refresh_error')
      return [fail('tables', row.error === null ? says : `${says}, ${row.error.message}`, row.next_action)]
    if (row.quarantined_files)
      return [
        warn(
          'tables',
          `\`${row.table}\` goes on without ${plural(row.quarantined_files, 'quarantined file')}`,
          row.next_action,
        ),
      ]
    return row.status === 'unregistered' ? [warn('tables', says, row.next_action)] : []
  })
  const well = plural(rows.length - found.length, 'table')
  return [...(rows.length > found.length ? [ok('tables', `${well} without anything to do`)] : []), ...found]
}
