/** What only one of the table formats knows: which settings belong to it, and what they come to in the plan. */
import type { TargetSpec } from '../contracts/plan.ts'
import { shown } from '../files/shown.ts'
import type { FlatSettings, Setting } from './layers.ts'

type Target = Pick<TargetSpec, 'write_mode' | 'properties'>

/** Settings that another format than the table's would need, and what to write instead. Empty when all fit. */
export function* ofOtherFormats(settings: FlatSettings): Generator<[Setting, string]> {
  if (settings['target.format'] === 'hudi') {
    if (settings['target.write_mode'] !== undefined)
      yield [
        'target.write_mode',
        '`target.write_mode` is for Iceberg: a Hudi table has `table_type: copy_on_write` or `merge_on_read`',
      ]
    const bucket = settings['target.partition_by']?.find((field) => field.startsWith('bucket('))
    if (bucket !== undefined)
      yield [
        'target.partition_by',
        `a Hudi table has no buckets: partition by columns or times instead of \`${bucket}\``,
      ]
    const other = Object.keys(settings['target.properties'] ?? {}).find((name) => !name.startsWith('hoodie.'))
    if (other !== undefined)
      yield ['target.properties', `options of a Hudi table begin with \`hoodie.\`: remove \`${shown(other)}\``]
    if (settings['target.adopt'])
      yield ['target.adopt', '`target.adopt` is for Iceberg tables: load a Hudi table in full instead']
    return
  }
  if (settings['target.table_type'] !== undefined)
    yield [
      'target.table_type',
      '`target.table_type` is for Hudi: an Iceberg table has `write_mode: copy_on_write` or `merge_on_read`',
    ]
  if (settings['target.retain_commits'] !== undefined)
    yield [
      'target.retain_commits',
      '`target.retain_commits` is for Hudi: an Iceberg table keeps its snapshots until you expire them; remove it, or use `format: hudi`',
    ]
}

/** How changes are written, and the properties that are passed on: for Hudi its write options. */
export function writtenAs(settings: FlatSettings): Target {
  const properties = settings['target.properties'] ?? {}
  if (settings['target.format'] !== 'hudi')
    return { write_mode: settings['target.write_mode'] ?? 'merge_on_read', properties }
  return {
    write_mode: settings['target.table_type'] ?? 'copy_on_write',
    properties: { ...retaining(settings['target.retain_commits']), ...properties },
  }
}

/** Hudi archives a commit only once it is cleaned: it wants more of them in its active timeline than it retains. */
const MORE_ACTIVE = 10

const retaining = (commits: number | undefined): Record<string, string> =>
  commits === undefined
    ? {}
    : {
        'hoodie.clean.policy': 'KEEP_LATEST_COMMITS',
        'hoodie.clean.commits.retained': String(commits),
        'hoodie.keep.min.commits': String(Math.max(20, commits + MORE_ACTIVE)),
        'hoodie.keep.max.commits': String(Math.max(20, commits + MORE_ACTIVE) + MORE_ACTIVE),
      }

/** Options of Hudi that say how a commit is made, not what a table is: they may change while it has data. */
const TUNING =
  /^hoodie\.(clean|cleaner|keep|archive|compact|clustering|parquet|copyonwrite|memory|[a-z]+\.shuffle\.parallelism$)/

export const isTuning = (property: string): boolean => TUNING.test(property)
