/** From the framework's manifests to a configuration of ours, and what of it its owner should look at. Pure. */
import { ledgerKeyOf } from '../../files/ledger-key.ts'
import { shown } from '../../files/shown.ts'
import { suggestion } from '../nearest.ts'
import type { CadenceBlock, ConfigFile, TableSettings } from '../schema.ts'
import { commonIn } from './common.ts'
import type { OdpBatch, OdpTable } from './keys.ts'
import type { Manifests, Placed } from './manifests.ts'
import { type ManifestProblem, ManifestsRefused } from './refused.ts'
import { settingsOf } from './settings.ts'

export interface ImportOptions {
  /** Schemas at the source, which the framework's `source_table_name` does not tell from tables. */
  readonly schemas: readonly string[]
  /** Where DMS writes: what goes before the schema's folder. */
  readonly prefix: string
}

export interface Imported {
  readonly config: ConfigFile
  /** Cadences whose name says no interval: their `every` is empty. */
  readonly withoutInterval: readonly string[]
  /** One line each; names in it are shown, not raw. */
  readonly notes: readonly string[]
}

/** Throws ManifestsRefused (TG1230) with every contradiction: TG1231 no cadence, TG1232 one twice, TG1233 no schema. */
export function fromManifests(manifests: readonly Manifests[], options: ImportOptions): Imported {
  const batches = manifests.flatMap((one) => one.batches)
  const tables = manifests.flatMap((one) => one.tables)
  const problems: ManifestProblem[] = [
    ...twice(batches, ({ refresh_cadence }) => refresh_cadence, 'cadence'),
    ...twice(tables, ({ source_table_name }) => source_table_name.toLowerCase(), 'table'),
  ]
  const known = batches.map(({ item }) => item.refresh_cadence)
  const formatOf = new Map(
    batches.map(({ item }) => [item.refresh_cadence, item.datalake_format ?? item.data_lake_format ?? 'hudi'] as const),
  )
  const named = new Map<string, TableSettings>()
  const nameless: Placed<OdpTable>[] = []
  for (const placed of tables) {
    const { item } = placed
    const name = nameOf(item, options.schemas)
    const about = `\`${shown(item.source_table_name)}\``
    if (!known.includes(item.refresh_cadence))
      problems.push({
        ...placed,
        code: 'TG1231',
        message: `${about} follows \`${shown(item.refresh_cadence)}\`, which no \`odpf_batch_config\` manifest has: give that file too (${suggestion(item.refresh_cadence, known)})`,
      })
    if (name === undefined) nameless.push(placed)
    else named.set(`${name.schema}.${name.table}`, tableOf(item, name, formatOf.get(item.refresh_cadence) ?? 'hudi'))
  }
  const [first] = nameless
  if (first !== undefined) problems.push({ ...first, code: 'TG1233', message: withoutSchema(nameless) })
  if (problems.length > 0) throw new ManifestsRefused(problems)
  const cadences = Object.fromEntries(batches.map(({ item }) => [item.refresh_cadence, cadenceOf(item)]))
  return {
    config: {
      sources: { operational: { prefix: options.prefix, layout: '{schema}/{table}', shape: 'dms' } },
      cadences,
      ...commonIn(named),
    },
    withoutInterval: Object.keys(cadences).filter((name) => cadences[name]?.every === ''),
    notes: [...notesOn(manifests)],
  }
}

function withoutSchema([first, ...others]: readonly Placed<OdpTable>[]): string {
  const more = others.length > 0 ? `, and ${others.length} more, do` : ' does'
  return `\`${shown(first?.item.source_table_name ?? '')}\`${more} not say which part of the name is the schema: name it with \`--schema\``
}

function* twice<Item>(items: readonly Placed<Item>[], nameOf: (item: Item) => string, what: string) {
  const seen = new Set<string>()
  for (const placed of items) {
    const name = nameOf(placed.item)
    if (seen.has(name)) {
      const message = `${what} \`${shown(name)}\` is there twice: it has one configuration here, remove the other`
      yield { ...placed, code: 'TG1232' as const, message }
    }
    seen.add(name)
  }
}

/**
 * `taxi_trips_table_1` → `taxi_trips.table_1`: by a schema that is named, or since the target's name is its end; as the file
 * manager of the framework made it, lower case schema and table with `_` between. Undefined if nothing tells.
 */
function nameOf({ source_table_name, raw_table_name }: OdpTable, schemas: readonly string[]): TableName | undefined {
  const name = source_table_name.toLowerCase()
  const heads = schemas.filter((schema) => name.startsWith(`${schema.toLowerCase()}_`))
  const longest = heads.toSorted((a, b) => b.length - a.length)[0]
  const split = (schema: string, table: string) =>
    isName(schema) && table !== '' && !/[{}]/.test(table) ? { schema, table } : undefined
  if (longest !== undefined) return split(longest, name.slice(longest.length + 1))
  const end = `_${raw_table_name}`
  if (name.endsWith(end) && name !== end) return split(name.slice(0, -end.length), raw_table_name)
  return schemas.length === 1 && schemas[0] !== undefined ? split(schemas[0], name) : undefined
}

interface TableName {
  readonly schema: string
  readonly table: string
}

/** In the file a name ends its schema at the first dot. */
const isName = (schema: string): boolean => schema !== '' && !/[.{}/]/.test(schema)

function tableOf(item: OdpTable, name: TableName, format: 'hudi' | 'iceberg'): TableSettings {
  const { refresh_cadence: cadence, source_table_name: _, ...said } = item
  const { target, ...settings } = settingsOf(said)
  const { table_type, retain_commits, properties, table, ...rest } = { ...target, format: target?.format ?? format }
  const isOwnName = table !== undefined && table !== ledgerKeyOf(name.schema, name.table)
  const ofHudi = { table_type: table_type ?? 'copy_on_write', ...given({ retain_commits, properties }) }
  return {
    cadence,
    ...settings,
    target: {
      ...rest,
      ...(isOwnName ? { table } : {}),
      ...(rest.format === 'hudi' ? ofHudi : given({ write_mode: table_type })),
    },
  }
}

const given = <Values extends object>(values: Values): Partial<Values> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Values>

const UNITS = { m: 'minute', h: 'hour', d: 'day' } as const

function cadenceOf(item: OdpBatch): CadenceBlock {
  const [, amount, unit] =
    /^(\d{1,4})[_-]?(m|h|d)(?:in(?:ute)?s?|(?:ou)?rs?|ays?)?(?:[_-]|$)/i.exec(item.refresh_cadence) ?? []
  const of = UNITS[unit?.toLowerCase() as keyof typeof UNITS]
  const every = amount === undefined ? '' : `${Number(amount)} ${of}${Number(amount) === 1 ? '' : 's'}`
  const compute = given({ worker_type: item.glue_job_worker_type, max_workers: item.glue_job_max_workers })
  return {
    every,
    ...given({ batch_size: item.refresh_tables_batch_size }),
    ...(Object.keys(compute).length > 0 ? { compute } : {}),
  }
}

function* notesOn(manifests: readonly Manifests[]): Generator<string> {
  const buckets = new Set(manifests.flatMap(({ tables }) => tables.map(({ item }) => item.raw_database_S3_bucket)))
  const jobs = new Set(manifests.flatMap(({ batches }) => batches.map(({ item }) => item.glue_job_name)))
  for (const bucket of buckets)
    if (bucket !== undefined)
      yield `tables are written below the raw bucket of the deployment, not to \`${shown(bucket)}\`: load each of them in full once`
  for (const job of jobs)
    if (job !== undefined) yield `the job that is deployed with Tidegate runs the batches, not \`${shown(job)}\``
}
