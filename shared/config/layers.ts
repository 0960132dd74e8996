/** What applies to one table: its own block, then the defaults that match it, then ours; the first that says it wins. */
import type { TableSettings } from './schema.ts'

type Target = NonNullable<TableSettings['target']>
type Csv = NonNullable<TableSettings['csv']>

/** Settings by dotted name, since the first match wins for every key inside `target` and `csv` by itself too. */
export type FlatSettings = Omit<TableSettings, 'target' | 'csv'> & {
  [K in keyof Target as `target.${K & string}`]?: Target[K]
} & { [K in keyof Csv as `csv.${K & string}`]?: Csv[K] }
export type Setting = keyof FlatSettings

/** Two ways to say one thing: the first block that says either wins over later ones that say the other. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['apply_as_deletes', 'operations'],
  ['operations', 'apply_as_deletes'],
])

/** One block of settings, and the name under which it is shown. */
export interface Layer {
  readonly label: string
  readonly settings: FlatSettings
}

export interface Settled {
  readonly settings: FlatSettings
  /** The block that each value came from. */
  readonly from: Readonly<Partial<Record<Setting, string>>>
}

export function layerOf(label: string, { target = {}, csv = {}, ...rest }: TableSettings): Layer {
  const flat = (block: string, inside: object) =>
    Object.entries(inside).map(([key, value]) => [`${block}.${key}`, value])
  const inner = [...flat('target', target), ...flat('csv', csv)]
  return { label, settings: Object.fromEntries([...Object.entries(rest), ...inner]) }
}

export function settle(layers: readonly Layer[]): Settled {
  const settings: Record<string, unknown> = {}
  const from: Partial<Record<string, string>> = {}
  for (const layer of layers) {
    const before = new Set(Object.keys(settings))
    for (const [key, value] of Object.entries(layer.settings))
      if (value !== undefined && !before.has(key) && !before.has(INSTEAD.get(key) ?? key)) {
        settings[key] = value
        from[key] = layer.label
      }
  }
  return { settings, from }
}
