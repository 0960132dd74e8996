/** Why is this table not as fresh as its source? What waits, what keeps it, and what it has. */
import type { TableItem, TableRun } from '../../contracts/ledger.ts'
import { EVERYTHING } from '../../look-further.ts'
import type { ExplainPorts } from './ports.ts'
import { reloadSteps } from './reload-steps.ts'
import { batchText, done, filesText, type Step, type Story, storyOf, stuck, timeText, waits } from './story.ts'
import {
  claimSteps,
  configurationOf,
  configurationStep,
  MOST_QUARANTINED,
  type OpenBatch,
  openBatch,
  scheduleSteps,
} from './table-steps.ts'

/** Of a table that nobody knows, the story says just that. */
export async function explainTable(table: string, ports: ExplainPorts): Promise<Story> {
  const [configured, item, [last]] = await Promise.all([
    configurationOf(table, ports),
    ports.tables.get(table),
    ports.tables.runs(table, 1),
  ])
  const open = await openBatch(item, ports)
  const steps = [
    configurationStep(table, configured),
    ...(await scheduleSteps(configured, ports)),
    await eventsStep(ports),
    ...(await reloadSteps(configured, item, ports)),
    await filesStep(table, item, open, ports),
    ...(await claimSteps(item, ports)),
    ...open.steps,
    ...(last ? [runStep(last)] : []),
    ...(item ? [heldStep(item)] : []),
    ...(await quarantineSteps(table, ports)),
  ]
  const fresh = item?.fresh_as_of_s ? `, as of ${timeText(item.fresh_as_of_s * 1000)}` : ''
  return storyOf({ file: null, table }, steps, `everything that landed is in it${fresh}`)
}

/** No verdict: queues hold events of every table. */
async function eventsStep(ports: ExplainPorts): Promise<Step> {
  const { on_their_way, dead } = await ports.queues()
  const says = `${on_their_way || 'no'} events of any table are on their way to the ledger, ${dead || 'none'} are dead letters`
  return done('event', says, { next: dead > 0 ? '`tidegate dlq list`' : null })
}

async function filesStep(
  table: string,
  item: TableItem | undefined,
  { ids }: OpenBatch,
  ports: ExplainPorts,
): Promise<Step> {
  const waiting = await ports.files.waiting(table, EVERYTHING)
  const [oldest] = waiting
  if (!oldest) return done('queue', 'no file waits')
  const share = waiting.length === 1 ? '' : `${ids.size === waiting.length ? 'all' : ids.size} of them `
  const inOpen = item?.batch_id && ids.size > 0 ? `, ${share}in the open batch \`${batchText(item.batch_id)}\`` : ''
  return waits(
    'queue',
    `${filesText(waiting.length)} ${waiting.length === 1 ? 'waits' : 'wait'}${inOpen}; the oldest is \`${oldest.file_ingestion_path}\``,
    {
      at_ms: oldest.put_at_s * 1000,
      next: 'nothing: the next runs of its cadence take the oldest files first',
    },
  )
}

function runStep(run: TableRun): Step {
  const says = `last run \`${run.glue_job_run_id}\`: ${run.result}, ${filesText(run.files)}`
  const told = { at_ms: run.ended_at_ms }
  return done('job', run.error ? `${says}, ${run.error.code}` : says, told)
}

/** What the table holds. */
const heldStep = (item: TableItem): Step =>
  item.last_snapshot === null
    ? done('commit', 'nothing was committed yet')
    : done('commit', `snapshot \`${item.last_snapshot}\`${sequenceText(item.applied_max_sequence)}`, {
        at_ms: item.last_committed_at_ms,
      })

const sequenceText = (highest: string | null): string => (highest === null ? '' : `, up to sequence \`${highest}\``)

async function quarantineSteps(table: string, ports: ExplainPorts): Promise<Step[]> {
  const files = await ports.files.quarantined(table, MOST_QUARANTINED)
  if (files.length === 0) return []
  const count = `${files.length === MOST_QUARANTINED ? 'at least ' : ''}${filesText(files.length)}`
  return [
    stuck('ledger', `${count} quarantined: the table goes on without the changes`, {
      next: `\`tidegate quarantine list ${table}\``,
    }),
  ]
}
