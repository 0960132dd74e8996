/** The steps of a story that are the table's: its configuration, its schedule, and what holds it or works on it. */
import { frozenEntry } from '../../claims/entry.ts'
import { isClaimed, isHeld } from '../../claims/table-state.ts'
import type { BatchConfig, TableConfig } from '../../contracts/config.ts'
import type { TableItem } from '../../contracts/ledger.ts'
import { messageOf, OurError } from '../../errors.ts'
import { holdNextAction } from '../../status/next-action.ts'
import { isOver, told } from '../evidence.ts'
import type { ExplainPorts } from './ports.ts'
import { batchText, done, filesText, type Step, stuck, waits } from './story.ts'

/** No exact number beyond it. */
export const MOST_QUARANTINED = 1000

export interface Configured {
  readonly table: TableConfig
  readonly cadence: BatchConfig
}

/** The table's configuration, in whatever cadence it is. */
export async function configurationOf(
  table: string,
  ports: Pick<ExplainPorts, 'config'>,
): Promise<Configured | undefined> {
  for (const cadence of await ports.config.cadences()) {
    const tables = await ports.config.tables(cadence.refresh_cadence)
    const found = tables.find((one) => one.source_table_name === table)
    if (found) return { table: found, cadence }
  }
  return undefined
}

export function configurationStep(table: string, configured: Configured | undefined): Step {
  if (!configured)
    return stuck('configuration', `no configuration has \`${table}\`: its files wait`, {
      next: 'add the table, then `tidegate config apply FILE`',
    })
  const { table: config } = configured
  const target = `${config.raw_database_name}.${config.raw_table_name}`
  const says = `cadence \`${config.refresh_cadence}\`, into \`${target}\``
  if (config.is_active === 'Y') return done('configuration', says, { at_ms: config.applied_at_ms })
  return stuck('configuration', `${says}, but switched off`, {
    next: 'set `active: true`, then `tidegate config apply FILE`',
  })
}

/** None where the table has no cadence. */
export async function scheduleSteps(configured: Configured | undefined, ports: ExplainPorts): Promise<Step[]> {
  if (!configured) return []
  const cadence = configured.cadence.refresh_cadence
  const state = (await ports.schedules.states()).get(cadence)
  if (state === 'enabled') return [done('schedule', `the schedule of \`${cadence}\` starts runs`)]
  if (state === 'paused')
    return [
      stuck('schedule', `the schedule of \`${cadence}\` is paused`, {
        next: `\`tidegate resume ${cadence}\`, or \`tidegate run ${cadence}\` once`,
      }),
    ]
  return [
    stuck('schedule', `\`${cadence}\` has no schedule`, { next: 'deploy with the configuration file that has it' }),
  ]
}

/** What the table's item says: held, worked on, failed, or free. None before the first claim. */
export async function claimSteps(item: TableItem | undefined, ports: ExplainPorts): Promise<Step[]> {
  if (!item) return []
  const table = item.raw_table_name
  if (isHeld(item))
    return [
      stuck('claim', `held, \`${item.hold_reason}\`: ${item.error?.message ?? 'nobody said why'}`, {
        next: holdNextAction(item.hold_reason, table),
      }),
    ]
  if (isClaimed(item)) return [await claimedStep(item, ports)]
  if (item.refresh_status === 'refresh_error') return [await failedStep(item, ports)]
  return [done('claim', `no run has \`${table}\``)]
}

async function failedStep(item: TableItem, ports: ExplainPorts): Promise<Step> {
  const table = item.raw_table_name
  const run = item.glue_job_run_id
  const again = `\`tidegate run ${item.refresh_cadence}\` or the next cadence`
  const why = item.error?.message ?? 'it gave no reason'
  const aside = (await ports.files.quarantined(table, MOST_QUARANTINED)).filter((file) => file.glue_job_run_id === run)
  if (aside.length > 0)
    return waits('claim', `run \`${run}\` was rejected, and put ${filesText(aside.length)} aside: ${why}`, {
      next: `${again} applies the rest; decide about the other: \`tidegate quarantine list ${table}\``,
    })
  const open =
    item.batch_id === null ? '' : `; its batch \`${batchText(item.batch_id)}\` stays as it is until that is known`
  const says = `run \`${run}\` failed, ${item.failed_attempts} in a row (${item.max_attempts} hold the table)${open}: ${why}`
  if (item.error === null || item.error.transient) return waits('claim', says, { next: `${again} tries again` })
  return stuck('claim', says, { next: `mend what the error says; ${again} tries again` })
}

async function claimedStep(item: TableItem, ports: ExplainPorts): Promise<Step> {
  const table = item.raw_table_name
  const evidence = await ports.evidence(item)
  const says = `run \`${item.glue_job_run_id}\` has \`${table}\`, attempt ${item.attempts}: ${told(evidence)}`
  const at = { at_ms: item.claimed_at_ms }
  if (evidence.execution === 'running')
    return waits('claim', says, {
      ...at,
      next: `nothing; \`tidegate logs ${item.glue_job_run_id}\` shows what it does`,
    })
  if (isOver(evidence))
    return waits('claim', says, {
      ...at,
      next: `the next run of its cadence takes the table over and looks for the batch; \`tidegate unlock ${table}\` does it now`,
    })
  if (evidence.job === 'at_work') return waits('claim', says, { ...at, next: 'wait for the job to end' })
  return stuck('claim', says, { ...at, next: `look for the job run; \`tidegate unlock ${table}\` when it has ended` })
}

export interface OpenBatch {
  /** Of its files; none where no batch is open. */
  readonly ids: ReadonlySet<string>
  /** What is wrong with it. */
  readonly steps: readonly Step[]
}

export async function openBatch(item: TableItem | undefined, ports: ExplainPorts): Promise<OpenBatch> {
  if (!item?.entry_uri) return { ids: new Set(), steps: [] }
  try {
    const entry = await frozenEntry(item, ports.objects)
    return { ids: new Set(entry.files.map((file) => file.file_id)), steps: [] }
  } catch (error) {
    if (!(error instanceof OurError)) throw error
    return { ids: new Set(), steps: [stuck('claim', messageOf(error), { next: `restore \`${item.entry_uri}\`` })] }
  }
}
