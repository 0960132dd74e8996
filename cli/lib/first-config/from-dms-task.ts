/** Tables, told by the table mappings of an AWS DMS task: what it selects, and what it renames. Facts: DMS guide, table mapping. */
import { z } from 'zod'
import { InputError } from '../../../shared/errors.ts'
import { globMatcher } from '../../../shared/files/glob.ts'
import { shown } from '../../../shared/files/shown.ts'
import { type Found, sourceName } from './found.ts'

const text = z.string().max(1024)
const rule = z.looseObject({
  'rule-type': text,
  'rule-id': z.union([text, z.number()]).optional(),
  'rule-target': text.optional(),
  'rule-action': text.optional(),
  'object-locator': z.looseObject({ 'schema-name': text.optional(), 'table-name': text.optional() }).optional(),
  value: z.union([text, z.null()]).optional(),
  expression: text.optional(),
})
const mappings = z.looseObject({ rules: z.array(rule).min(1).max(100_000) })
const task = z.looseObject({ TableMappings: z.string() })
const described = z.looseObject({ ReplicationTasks: z.array(task).min(1) })

type Rule = z.infer<typeof rule>
interface Name {
  readonly schema: string
  readonly table: string
}

/**
 * `content` is the JSON of the mappings, of a task, or what `aws dms describe-replication-tasks` prints; `prefix` is the
 * endpoint's BucketFolder, which the task does not know. Throws InputError TG2632 for anything else.
 */
export function foundInDmsTask(content: string, prefix: string, file: string): Found {
  const rules = rulesOf(content, file)
  const transformations = rules.filter((one) => one['rule-type'] === 'transformation')
  const { tables, patterns } = selected(rules)
  const unknown = transformations.filter((one) => renames(one) && !Object.hasOwn(RENAMES, one['rule-action'] ?? ''))
  return {
    sources: {
      [sourceName(prefix, new Set())]: { prefix, layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' },
    },
    tables: tables.map((name) => ({ ...renamed(name, transformations), seen: '' })),
    sequenceBy:
      transformations.find(
        (one) => one['rule-action'] === 'add-column' && /AR_H_CHANGE_SEQ/i.test(one.expression ?? ''),
      )?.value ?? undefined,
    notes: [
      ...patterns.map(
        (name) => `the task selects \`${shown(`${name.schema}.${name.table}`)}\`: add a line for each table`,
      ),
      ...unknown.map(
        (one) =>
          `rule ${shown(String(one['rule-id'] ?? '?'))} (${shown(one['rule-action'] ?? '')}) is not followed: correct the names that it changes`,
      ),
    ],
  }
}

function rulesOf(content: string, file: string): Rule[] {
  try {
    const document: unknown = JSON.parse(content)
    const all = described.safeParse(document)
    const one = all.success ? all.data.ReplicationTasks[0] : task.safeParse(document).data
    return mappings.parse(one === undefined ? document : JSON.parse(one.TableMappings)).rules
  } catch (cause) {
    throw new InputError(
      'TG2632',
      `\`${shown(file)}\` has no table mappings. Give the JSON with \`rules\`, or what \`aws dms describe-replication-tasks\` prints.`,
      { cause },
    )
  }
}

const locator = (one: Rule): Name => ({
  schema: one['object-locator']?.['schema-name'] ?? '%',
  table: one['object-locator']?.['table-name'] ?? '%',
})

function selected(rules: readonly Rule[]): { tables: Name[]; patterns: Name[] } {
  const selections = rules.filter((one) => one['rule-type'] === 'selection')
  const included = selections.filter((one) => one['rule-action'] !== 'exclude').map(locator)
  const excluded = selections.filter((one) => one['rule-action'] === 'exclude').map(locator)
  const isPattern = ({ schema, table }: Name): boolean => `${schema}${table}`.includes('%')
  const tables = included
    .filter((name) => !isPattern(name))
    .map(({ schema, table }) => ({ schema: literal(schema), table: literal(table) }))
    .filter((name) => !excluded.some((pattern) => matches(pattern, name)))
  return { tables, patterns: included.filter(isPattern) }
}

/** `[_]` is an underscore that is no wildcard. */
const literal = (name: string): string => name.replaceAll('[_]', '_')
const like = (pattern: string, name: string): boolean =>
  globMatcher(literal(pattern).replaceAll('%', '**').toLowerCase())(name.toLowerCase())
const matches = (pattern: Name, name: Name): boolean =>
  like(pattern.schema, name.schema) && like(pattern.table, name.table)

const RENAMES: Readonly<Record<string, (name: string, value: string) => string>> = {
  rename: (_, value) => value,
  'convert-lowercase': (name) => name.toLowerCase(),
  'convert-uppercase': (name) => name.toUpperCase(),
  'add-prefix': (name, value) => value + name,
  'add-suffix': (name, value) => name + value,
}

const renames = (one: Rule): boolean => one['rule-target'] === 'schema' || one['rule-target'] === 'table'

/** Rules are told by the names at the source, whatever other rules make of them. */
function renamed(name: Name, transformations: readonly Rule[]): Name {
  const result = { schema: name.schema, table: name.table }
  for (const one of transformations) {
    const target = one['rule-target']
    const rename = Object.hasOwn(RENAMES, one['rule-action'] ?? '') ? RENAMES[one['rule-action'] ?? ''] : undefined
    if ((target !== 'schema' && target !== 'table') || rename === undefined || !matches(locator(one), name)) continue
    result[target] = rename(result[target], one.value ?? '')
  }
  return result
}
