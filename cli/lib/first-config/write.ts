/** The text of a first configuration file; what only its owner can know is left empty, so that `config validate` asks for it. */
import type { SourceConfig } from '../../../shared/contracts/config.ts'
import { ledgerKey } from '../../../shared/contracts/primitives.ts'
import { ledgerKeyOf } from '../../../shared/files/ledger-key.ts'
import { shown } from '../../../shared/files/shown.ts'
import type { Found, FoundTable } from './found.ts'

export interface FirstConfig {
  readonly text: string
  readonly tables: number
  /** Line numbers of what is to be filled in, from 1. */
  readonly fillIn: readonly number[]
  /** Tables that can't be configured as they are called, and why. */
  readonly leftOut: readonly string[]
}

const FILL_IN = '# FILL IN: '
const CADENCE = '10_min_refresh'

/** `origin` says what was looked at. */
export function firstConfig(found: Found, origin: string): FirstConfig {
  const { tables, leftOut } = named(found.tables)
  const dms = Object.values(found.sources).some(({ shape }) => shape === 'dms')
  const schemas = [...new Set(tables.map(({ schema }) => schema))].filter(isPlain)
  const lines = [
    '# yaml-language-server: $schema=./tidegate.schema.json',
    `# Written by \`tidegate init\` from ${shown(origin)}. Fill in what is marked; \`tidegate config validate\` says what is missing.`,
    ...[...found.notes, ...leftOut].map((note) => `# Note: ${note}`),
    '',
    '# Where files come from. Folders after the prefix name schema and table.',
    'sources:',
    ...Object.entries(found.sources).map(([name, source]) => `  ${scalar(name)}: ${sourceText(source)}`),
    '',
    '# How often tables are refreshed. A cadence is a schedule: a new one needs a deployment, a new table does not.',
    'cadences:',
    `  ${CADENCE}: { every: 10 minutes }`,
    '',
    '# What tables have in common. The first match wins, for each key by itself; the block of a table wins over all.',
    'defaults:',
    '  - match: "*"',
    `    cadence: ${CADENCE}`,
    sequenceLine(found.sequenceBy, dms),
    dms
      ? '    apply_as_deletes: { column: Op, equals: D }'
      : `    apply_as_deletes: { column: "", equals: "" } ${FILL_IN}the column that says what a change is, and its value in a delete; or what docs/how-to/rows-of-any-producer.md has for your producer`,
    ...schemas.flatMap((schema) => [
      `  - match: ${scalar(`${schema}.*`)}`,
      `    target: { database: ${databaseOf(schema)} }`,
    ]),
    '',
    'tables:',
    ...tables.flatMap(tableLines),
  ]
  const fillIn = lines.flatMap((line, index) => (line.includes(FILL_IN) ? [index + 1] : []))
  return { text: `${lines.join('\n')}\n`, tables: tables.length, fillIn, leftOut }
}

const sequenceLine = (column: string | undefined, dms: boolean): string =>
  column !== undefined && column !== ''
    ? `    sequence_by: ${scalar(column)}`
    : `    sequence_by: "" ${FILL_IN}the column that orders the changes of a key${dms ? '; for DMS the one with $AR_H_CHANGE_SEQ' : ''}`

function sourceText({ prefix, layout, schema, shape, file_names }: SourceConfig): string {
  const fields = [
    `prefix: ${scalar(prefix)}`,
    `layout: "${layout}"`,
    ...(schema === undefined ? [] : [`schema: ${scalar(schema)}`]),
    `shape: ${shape}`,
    ...(file_names === 'any' ? ['file_names: any'] : []),
  ]
  const hint = file_names === 'any' ? ' # full_load: { match: "…" } tells full loads from changes' : ''
  return `{ ${fields.join(', ')} }${hint}`
}

interface NamedTable extends FoundTable {
  readonly target: string
  readonly ledger: string
}

/** The tables that the file can name, by name, each with a target of its own. */
function named(found: readonly FoundTable[]): { tables: NamedTable[]; leftOut: string[] } {
  const leftOut: string[] = []
  const tables = new Map<string, NamedTable>()
  const targets = new Set<string>()
  for (const table of found.toSorted((a, b) => order(a, b))) {
    const name = `${table.schema}.${table.table}`
    const ledger = ledgerKeyOf(table.schema, table.table)
    const first = tables.get(ledger)
    if (first !== undefined || !isNameable(table, ledger)) {
      const why =
        first === undefined
          ? 'no name for a table here'
          : `the same as \`${shown(first.schema)}.${shown(first.table)}\` in the ledger`
      if (first?.schema !== table.schema || first.table !== table.table)
        leftOut.push(`\`${shown(name)}\` is left out: ${why}; land it under another name`)
      continue
    }
    const target = freeTarget(ledger, targets)
    targets.add(target)
    tables.set(ledger, { ...table, ledger, target })
  }
  return { tables: [...tables.values()], leftOut }
}

const order = (a: FoundTable, b: FoundTable): number => {
  const [left, right] = [`${a.schema}.${a.table}`, `${b.schema}.${b.table}`]
  return left < right ? -1 : left > right ? 1 : 0
}

/** A name in the file is split at its first dot, and its braces stand for many. */
const isNameable = ({ schema, table }: FoundTable, ledger: string): boolean =>
  schema !== '' &&
  table !== '' &&
  !schema.includes('.') &&
  !/[{}]/.test(schema + table) &&
  !/\p{Cc}/u.test(ledger) &&
  ledgerKey.safeParse(ledger).success

function freeTarget(ledger: string, taken: ReadonlySet<string>): string {
  const name = ledger.replaceAll(/[^a-z0-9_]/g, '_').slice(0, 250)
  if (ledger === name && !taken.has(name)) return name
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}_${number}`
    if (!taken.has(candidate)) return candidate
  }
}

function tableLines(table: NamedTable): string[] {
  const own = [
    ...(isPlain(table.schema) ? [] : [`database: ${databaseOf(table.schema)}`]),
    ...(table.target === table.ledger ? [] : [`table: ${table.target}`]),
  ]
  return [
    `  ${scalar(`${table.schema}.${table.table}`)}:${table.seen === '' ? '' : ` # ${table.seen}`}`,
    `    keys: [] ${FILL_IN}the columns that identify a row`,
    ...(own.length === 0 ? [] : [`    target: { ${own.join(', ')} }`]),
  ]
}

const databaseOf = (schema: string): string =>
  `${schema
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .slice(0, 250)}_raw`

/** No character of it means something in a glob. */
const isPlain = (schema: string): boolean => /^[\w-]+$/.test(schema)

/** Names come from strangers: what is not plainly a text is quoted as JSON, which YAML reads. */
const scalar = (text: string): string =>
  /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text)
