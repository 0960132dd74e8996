/** What applies to one table, setting by setting, and the block of the file that each value came from. Pure. */
import type { TextFiles } from '../contracts/plan.ts'
import { flat } from './differences.ts'
import type { Provenance, ResolvedTable } from './resolved.ts'

export interface ExplainedSetting {
  /** As in the file: `keys`, `target.database`. */
  readonly setting: string
  readonly value: unknown
  /** `tables.hr.emp`, `defaults[0]`, `built in`, or what it is made of. */
  readonly from: string
}

/** The table's settings under the names of the configuration file, in its order. */
export function explained(table: ResolvedTable, from: Provenance): ExplainedSetting[] {
  const { location: _, format, write_mode, properties, ...target } = table.target
  const settings: Record<string, unknown> = {
    cadence: table.refresh_cadence,
    active: table.is_active === 'Y',
    ...table.merge,
    // Left out of the plan where it is this.
    schema_policy: table.merge.schema_policy ?? 'strict',
    on_truncate: table.on_truncate ?? 'hold',
    max_attempts: table.max_attempts,
    reload: table.reload,
    'target.format': format,
    [format === 'hudi' ? 'target.table_type' : 'target.write_mode']: write_mode,
    ...textSettings(table.text_files),
    ...Object.fromEntries([...flat(target)].map(([key, value]) => [`target.${key}`, value])),
    'target.properties': properties,
  }
  return Object.entries(settings).map(([setting, value]) => ({
    setting,
    value,
    from: from[setting] ?? (setting === 'target.table' ? 'the name of the table' : 'built in'),
  }))
}

const textSettings = ({ columns, csv = {} }: TextFiles = {}): Record<string, unknown> => ({
  ...(columns && { columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])) }),
  ...Object.fromEntries(Object.entries(csv).map(([key, value]) => [`csv.${key}`, value])),
})
