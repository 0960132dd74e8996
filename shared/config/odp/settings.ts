/** What the framework's keys say about a table, as settings of ours. */
import type { TableSettings } from '../schema.ts'
import { type OdpSettings, TABLE_KEYS } from './keys.ts'

type Target = NonNullable<TableSettings['target']>

/** Only what is given; `hoodie.*` options go to `target.properties`. */
export function settingsOf(given: OdpSettings): TableSettings {
  const settings: Record<string, unknown> = {}
  const target: Record<string, unknown> = {}
  const properties: Record<string, string> = {}
  for (const [key, value] of Object.entries(given)) {
    const setting = TABLE_KEYS[key as keyof OdpSettings]
    if (value === undefined || setting === null || setting === undefined) continue
    if (setting.startsWith('hoodie.')) properties[setting] = String(value)
    else if (setting.startsWith('target.')) target[setting.slice('target.'.length)] = value
    else settings[setting] = value
  }
  if (Object.keys(properties).length > 0) target.properties = properties
  return { ...settings, ...(Object.keys(target).length > 0 ? { target: target as Target } : {}) } as TableSettings
}
