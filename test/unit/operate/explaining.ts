/** A table of two files and everything that its story is told from, in memory. */
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { createMemorySchedules } from '../../../shared/memory/schedules.ts'
import type { Evidence } from '../../../shared/operate/evidence.ts'
import { explainFile } from '../../../shared/operate/explain/explain-file.ts'
import { explainTable } from '../../../shared/operate/explain/explain-table.ts'
import type { Story } from '../../../shared/operate/explain/story.ts'
import {
  CADENCE,
  claim,
  createWorld,
  item,
  type Lake,
  ownerOf,
  runJob,
  STAGING,
  settle,
  type World,
} from '../claims/world.ts'

export const TABLE = 'shop_orders'
export const [FIRST, SECOND] = ['20231118-101012345.parquet', '20231118-111012345.parquet']
export const keyOf = (name: string): string => `internal_staging/shop/orders/${name}`
export const SOURCES = {
  operational: { prefix: 'internal_staging/', layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' },
} as const
export const RUNNING: Evidence = { execution: 'running', job: 'at_work', job_runs: [{ id: 'jr_1', state: 'RUNNING' }] }

export async function shop(change: { queues?: { on_their_way: number; dead: number }; evidence?: Evidence } = {}) {
  const world = await createWorld()
  const schedules = createMemorySchedules(CADENCE)
  const lake: Lake = new Map()
  const ports = {
    ...world,
    schedules,
    stagingBucket: STAGING,
    sources: async () => SOURCES,
    queues: async () => change.queues ?? { on_their_way: 0, dead: 0 },
    evidence: async (_: TableItem) => change.evidence ?? RUNNING,
  }
  const run = async (execution: string) => {
    world.executions.set(ownerOf(execution), 'running')
    const claimed = await claim(world, execution)
    await runJob(world, lake, claimed)
    await settle(world, execution, claimed)
    return claimed
  }
  return {
    world,
    ports,
    schedules,
    lake,
    run,
    file: (name: string) => explainFile({ bucket: STAGING, key: keyOf(name) }, ports),
    table: () => explainTable(TABLE, ports),
  }
}

export const change = (world: World, to: (seen: TableItem) => TableItem) =>
  item(world).then((seen) => world.tables.replace(to(seen), seen))

/** Its steps, a line each: what, when, what it says, and what to do. */
export const linesOf = ({ steps }: Story): string[] =>
  steps.map(({ stage, state, at_ms, says, next }) =>
    [
      `${stage} ${state}`,
      ...(at_ms === null ? [] : [new Date(at_ms).toISOString()]),
      says,
      ...(next === null ? [] : [`→ ${next}`]),
    ].join(' | '),
  )
