/** What all tables have in common is said once, in a default that all of them match. */
import { isDeepStrictEqual } from 'node:util'
import { type FlatSettings, layerOf } from '../layers.ts'
import type { ConfigFile, TableSettings } from '../schema.ts'

/** `named`: settings by `schema.table`. A single table keeps its own. */
export function commonIn(named: ReadonlyMap<string, TableSettings>): Pick<ConfigFile, 'defaults' | 'tables'> {
  const flat = new Map([...named].map(([name, settings]) => [name, layerOf('', settings).settings]))
  const [first, ...others] = flat.values()
  const common = Object.entries(first ?? {}).filter(
    ([key, value]) =>
      others.length > 0 && others.every((one) => isDeepStrictEqual(one[key as keyof FlatSettings], value)),
  )
  const isCommon = new Set(common.map(([key]) => key))
  const tables = [...flat].map(
    ([name, settings]) => [name, nested(Object.entries(settings).filter(([key]) => !isCommon.has(key)))] as const,
  )
  return {
    defaults: common.length > 0 ? [{ match: '*', ...nested(common) }] : [],
    tables: Object.fromEntries(tables),
  }
}

function nested(entries: readonly (readonly [string, unknown])[]): TableSettings {
  const inner = entries.flatMap(([key, value]) => (key.startsWith('target.') ? [[key.slice(7), value] as const] : []))
  const outer = entries.filter(([key]) => !key.startsWith('target.'))
  return { ...Object.fromEntries(outer), ...(inner.length > 0 ? { target: Object.fromEntries(inner) } : {}) }
}
