/** Sources and tables, told by the keys of the files that lie there. */
import type { SourceConfig } from '../../../shared/contracts/config.ts'
import { InputError } from '../../../shared/errors.ts'
import { DATA_NAME } from '../../../shared/files/file-name.ts'
import { type DataKey, parseKey } from '../../../shared/files/parse-key.ts'
import { shown } from '../../../shared/files/shown.ts'
import { plural } from '../human.ts'
import { type Found, type FoundTable, sourceName } from './found.ts'

const DMS_NAME = /^((.+_)?LOAD[0-9A-F]{5,13}|\d{8}-\d{6,15})\./i
/** Date partitions, which DMS puts between the table's folder and the file. */
const DATE_FOLDER = /^[\d_-]+$/
const MOST_NOTES = 20
const CSV_NAME = /\.csv(\.gz)?$/i
const CSV_NOTE =
  'there are CSV files: say `csv: { header: true }` where their first lines are names, else `columns`; docs/reference/formats.md#csv'

/**
 * `base` is a prefix that all keys have and that belongs to no schema (empty, or ending with a slash). Throws InputError
 * TG2631 if no key is one of a data file in a folder.
 */
export function foundInKeys(keys: readonly string[], base: string): Found {
  const data = keys.flatMap((key) => dataKey(key, base) ?? [])
  if (data.length === 0)
    throw new InputError(
      'TG2631',
      `none of the ${plural(keys.length, 'key')} under \`${shown(base) || '(the start)'}\` is a .parquet, .csv or .json file in a table's folder. Name the place that DMS, or your producer, writes to.`,
    )
  const sources = sourcesOf(data, base)
  const { tables, refused } = tablesOf(keys, sources)
  const more = refused.length > MOST_NOTES ? [`… and ${refused.length - MOST_NOTES} more such keys`] : []
  const csv = data.some(({ name }) => CSV_NAME.test(name)) ? [CSV_NOTE] : []
  return { sources, tables, sequenceBy: undefined, notes: [...csv, ...refused.slice(0, MOST_NOTES), ...more] }
}

interface Data {
  /** Folders below the base, without date partitions. */
  readonly folders: readonly string[]
  readonly name: string
}

/** Undefined for what is no data of a table: markers, DMS's own tables, files in no folder. */
function dataKey(key: string, base: string): Data | undefined {
  const folders = key.slice(base.length).split('/')
  const name = folders.pop() ?? ''
  if (!DATA_NAME.test(name) || /^[._]/.test(name) || folders.some(isOdd)) return undefined
  while (folders.length > 1 && DATE_FOLDER.test(folders.at(-1) ?? '')) folders.pop()
  return folders.length === 0 || folders.some((folder) => /^awsdms_/i.test(folder)) ? undefined : { folders, name }
}

/** What no key of a table has, or what Spark and Hadoop leave behind. */
const isOdd = (folder: string): boolean =>
  folder === '' || folder.startsWith('.') || folder === '_temporary' || /\p{Cc}/u.test(folder) || !folder.isWellFormed()

function sourcesOf(data: readonly Data[], base: string): Record<string, SourceConfig> {
  const depth = tableDepth(data)
  const dms = data.filter(({ name }) => DMS_NAME.test(name)).length * 2 >= data.length
  const kind = { shape: dms ? 'dms' : 'plain', file_names: dms ? 'dms' : 'any' } as const
  const sources: Record<string, SourceConfig> = {}
  const taken = new Set<string>()
  for (const prefix of new Set(data.map(({ folders }) => prefixOf(base, folders.slice(0, Math.max(0, depth - 2)))))) {
    const name = sourceName(prefix, taken)
    taken.add(name)
    sources[name] =
      depth === 1
        ? { prefix, layout: '{table}', schema: name, ...kind }
        : { prefix, layout: '{schema}/{table}', ...kind }
  }
  return sources
}

const prefixOf = (base: string, folders: readonly string[]): string => base + folders.map((name) => `${name}/`).join('')

/** Segments of a parallel load lie deeper than their table, stray files higher: the smallest depth that a tenth of the files has. */
function tableDepth(data: readonly Data[]): number {
  const filesAt = new Map<number, number>()
  for (const { folders } of data) filesAt.set(folders.length, (filesAt.get(folders.length) ?? 0) + 1)
  const common = [...filesAt].filter(([, files]) => files * 10 >= data.length).map(([depth]) => depth)
  return Math.min(...(common.length > 0 ? common : filesAt.keys()))
}

function tablesOf(keys: readonly string[], sources: Found['sources']): { tables: FoundTable[]; refused: string[] } {
  const filesOf = new Map<string, DataKey[]>()
  const refused: string[] = []
  for (const key of keys) {
    try {
      const parsed = parseKey('', key, sources, '')
      if (parsed.kind === 'ignored') continue
      const name = `${parsed.schema}/${parsed.table}`
      filesOf.set(name, [...(filesOf.get(name) ?? []), parsed])
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      refused.push(shown(error.message))
    }
  }
  const tables = [...filesOf.values()].flatMap((files) => {
    const [first] = files
    return first === undefined ? [] : [{ schema: first.schema, table: first.table, seen: seenOf(files) }]
  })
  return { tables, refused }
}

function seenOf(files: readonly DataKey[]): string {
  const full = files.filter(({ kind }) => kind === 'full').length
  const changes = files.length - full
  return [full > 0 && plural(full, 'full-load file'), changes > 0 && plural(changes, 'change file')]
    .filter(Boolean)
    .join(', ')
}
