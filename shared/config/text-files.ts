/** What a plan says about files that are text: their columns' types, and how CSV is written. */
import type { TextFiles } from '../contracts/plan.ts'
import type { FlatSettings } from './layers.ts'
import { compact } from './text-settings.ts'

/** Undefined if the configuration says nothing of it. */
export function textFilesOf(settings: FlatSettings): TextFiles | undefined {
  const { columns } = settings
  const csv = {
    header: settings['csv.header'],
    delimiter: settings['csv.delimiter'],
    quote: settings['csv.quote'],
    escape: settings['csv.escape'],
    null_value: settings['csv.null_value'],
  }
  const said = Object.fromEntries(Object.entries(csv).filter(([, value]) => value !== undefined))
  const text: TextFiles = {
    ...(columns && { columns: Object.entries(columns).map(([name, type]) => ({ name, type: compact(type) })) }),
    ...(Object.keys(said).length > 0 && { csv: said }),
  }
  return Object.keys(text).length > 0 ? text : undefined
}
