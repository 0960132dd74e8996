/** One table's settings, from the blocks that apply to it to the item that a claim reads. */
import { metadataColumn } from '../contracts/plan.ts'
import { globMatcher } from '../files/glob.ts'
import { shown } from '../files/shown.ts'
import { changesBuiltIn, changesOf } from './change-settings.ts'
import { contradictions } from './contradictions.ts'
import { type FlatSettings, type Layer, layerOf, type Setting, settle } from './layers.ts'
import type { NamedTable } from './named-tables.ts'
import { nearest } from './nearest.ts'
import type { ParsedConfig } from './parse.ts'
import { partitionField } from './partition-field.ts'
import type { Path, Problem } from './problems.ts'
import type { DeploymentFacts, Provenance, ResolvedTable } from './resolved.ts'
import type { CadenceBlock } from './schema.ts'
import { ofOtherFormats, writtenAs } from './target-format.ts'
import { textFilesOf } from './text-files.ts'
import { intervalMsOf } from './units.ts'

const BUILT_IN = {
  active: true,
  mode: 'snapshot',
  drop_columns: [],
  on_bad_file: 'hold',
  schema_policy: 'strict',
  on_truncate: 'hold',
  max_attempts: 5,
  'target.format': 'iceberg',
  'target.partition_by': [],
  'target.properties': {},
} satisfies FlatSettings

/** What a table can't do without, and what to add. */
const NEEDED = {
  cadence: '`cadence: …` with a name under `cadences`',
  keys: '`keys: […]` with the columns that identify a row',
  sequence_by: '`sequence_by: …` with the column that orders changes',
  apply_as_deletes: '`apply_as_deletes: { column: …, equals: … }`, or `operations`',
  'target.database': '`target: { database: … }`',
} as const satisfies Partial<Record<Setting, string>>

type Complete = FlatSettings & {
  [K in Exclude<keyof typeof NEEDED, 'apply_as_deletes'> | keyof typeof BUILT_IN]: NonNullable<FlatSettings[K]>
}

export type TableResolution = {
  readonly problems: Problem[]
  readonly table?: ResolvedTable
  readonly from: Provenance
}

/**
 * Problems TG1210 (unknown cadence), TG1211 (something needed is missing), TG1216 (`target.table` must be given),
 * TG1217 (what this version does not do), TG1221 (a dropped column that is needed), TG1225 (what another table format has),
 * TG1228 (settings that contradict each other).
 */
export function tableResolver(
  parsed: ParsedConfig,
  { rawBucket }: DeploymentFacts,
): (table: NamedTable) => TableResolution {
  const { config, lineOf } = parsed
  const blocks = (config.defaults ?? []).map(({ match, ...settings }, index) => ({
    matches: globMatcher(match.toLowerCase()),
    layer: layerOf(`defaults[${index}]`, settings),
    path: ['defaults', index] as Path,
  }))
  const cadences = Object.keys(config.cadences)
  const pathByLabel = new Map(blocks.map(({ layer, path }) => [layer.label, path]))

  return (named) => {
    const matching = blocks.filter((block) => block.matches(named.name.toLowerCase())).map((block) => block.layer)
    const layers = [...named.layers, ...matching]
    const changes = changesBuiltIn(config.sources, settle(layers).settings.shape)
    const builtIn: Layer = { label: 'built in', settings: { ...BUILT_IN, ...changes } }
    const { settings, from } = settle([...layers, builtIn])
    const problems: Problem[] = []
    const report = (code: Problem['code'], path: Path, message: string) =>
      problems.push({ code, path, line: lineOf(path), message })
    /** Where the value of a setting stands in the file. */
    const placeOf = (setting: Setting): Path => {
      const label = from[setting]
      const block = label?.startsWith('tables.')
        ? ['tables', label.slice('tables.'.length)]
        : pathByLabel.get(label ?? '')
      return [...(block ?? named.path), ...setting.split('.')]
    }
    if (settings.cadence !== undefined && !cadences.includes(settings.cadence))
      report('TG1210', placeOf('cadence'), unknownCadence(settings.cadence, cadences))
    for (const [setting, message] of notYet(settings)) report('TG1217', placeOf(setting), message)
    for (const [setting, message] of ofOtherFormats(settings)) report('TG1225', placeOf(setting), message)
    if (changes === undefined)
      report(
        'TG1211',
        [...named.path, 'shape'],
        `\`${shown(named.name)}\` has no \`shape\`, and there are sources of envelopes and others: add \`shape: debezium\` or \`shape: rows\``,
      )
    for (const [setting, message] of contradictions(settings))
      report('TG1228', placeOf(setting), `\`${shown(named.name)}\` ${message}`)
    if (!isComplete(settings)) {
      for (const setting of missing(settings))
        report(
          'TG1211',
          [...named.path, ...setting.split('.')],
          `\`${shown(named.name)}\` has no \`${setting}\`: add ${NEEDED[setting]} to its block or to a default that matches`,
        )
      return { problems, from }
    }
    for (const column of neededButDropped(settings))
      report(
        'TG1221',
        placeOf('drop_columns'),
        `\`${shown(named.name)}\` drops \`${shown(column)}\`, a key or a column that it is partitioned by: take it out of \`drop_columns\``,
      )
    const target = settings['target.table'] ?? named.ledgerKey
    if (!/^[a-z0-9_]{1,255}$/.test(target)) {
      report(
        'TG1216',
        named.path,
        `\`${shown(named.name)}\` has a name that Glue can't have: add \`target: { table: … }\` of lower case letters, digits and underscores`,
      )
      return { problems, from }
    }
    return { problems, from, table: tableItem(named, settings, target, rawBucket, config.cadences[settings.cadence]) }
  }
}

const missing = (settings: FlatSettings) =>
  (Object.keys(NEEDED) as (keyof typeof NEEDED)[])
    .filter((setting) => settings[setting] === undefined)
    .filter((setting) => setting !== 'apply_as_deletes' || settings.operations === undefined)
const isComplete = (settings: FlatSettings): settings is Complete => missing(settings).length === 0

/** Column names match without regard to case. */
function neededButDropped(settings: Complete): string[] {
  const partitions = settings['target.partition_by'].flatMap((field) => partitionField(field)?.column ?? [])
  const needed = new Set([...settings.keys, ...partitions].map((column) => column.toLowerCase()))
  return settings.drop_columns.filter((column) => needed.has(column.toLowerCase()))
}

function unknownCadence(name: string, cadences: readonly string[]): string {
  const near = nearest(name, cadences)
  const known = cadences.map((cadence) => `\`${cadence}\``).join(', ')
  return `there is no cadence \`${shown(name)}\`: ${near === undefined ? `use one of ${known || 'those that you add under `cadences`'}` : `did you mean \`${near}\`?`}`
}

function* notYet(settings: FlatSettings): Generator<[Setting, string]> {
  if (settings['target.adopt'] && (settings.mode === 'historical' || settings.mode === 'H'))
    yield ['target.adopt', '`target.adopt` is for tables with one row a key: use `mode: snapshot`, or another table']
}

const DAY_MS = 86_400_000

/** One cadence is quiet enough, since each file of a load that goes on would have been seen by then. */
function reloadOf({ reload }: Complete, cadence: CadenceBlock | undefined): NonNullable<ResolvedTable['reload']> {
  if (reload?.complete_when === 'operator') return { complete_when: 'operator' }
  const quiet_ms = intervalMsOf(reload?.quiet_period ?? cadence?.every ?? '') ?? DAY_MS
  return { complete_when: 'quiet', quiet_ms }
}

function tableItem(
  named: NamedTable,
  settings: Complete,
  target: string,
  rawBucket: string,
  cadence: CadenceBlock | undefined,
): ResolvedTable {
  const database = settings['target.database']
  const historical = settings.mode === 'historical' || settings.mode === 'H'
  const policy = settings.schema_policy
  const text_files = textFilesOf(settings)
  const chosen = settings['target.metadata_columns']
  return {
    refresh_cadence: settings.cadence,
    source_table_name: named.ledgerKey,
    is_active: settings.active ? 'Y' : 'N',
    schema_name: named.schema,
    table_name: named.table,
    raw_database_name: database,
    raw_database_S3_bucket: rawBucket,
    raw_table_name: target,
    table_data_versioning_type: historical ? 'H' : 'S',
    merge: {
      mode: historical ? 'historical' : 'snapshot',
      keys: settings.keys,
      sequence_by: settings.sequence_by,
      ...changesOf(settings),
      drop_columns: settings.drop_columns,
      on_bad_file: settings.on_bad_file,
      ...(policy === 'strict' ? {} : { schema_policy: policy }),
    },
    target: {
      format: settings['target.format'],
      database,
      table: target,
      location: `s3://${rawBucket}/${database}/${target}`,
      partition_by: settings['target.partition_by'],
      ...writtenAs(settings),
      ...(settings['target.adopt'] ? { adopt: true as const } : {}),
      // In the table's order, so that the same choice is the same layout.
      ...(chosen ? { metadata_columns: metadataColumn.options.filter((name) => chosen.includes(name)) } : {}),
    },
    ...(settings.on_truncate === 'hold' ? {} : { on_truncate: settings.on_truncate }),
    ...(text_files && { text_files }),
    max_attempts: settings.max_attempts,
    reload: reloadOf(settings, cadence),
  }
}
