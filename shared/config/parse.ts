/** Reads the YAML file and refuses, with line and number, whatever its shape does not allow. */
import type { z } from 'zod'
import { shown } from '../files/shown.ts'
import { suggestion } from './nearest.ts'
import { InvalidConfiguration, type Path, type Problem, pathText } from './problems.ts'
import { type ConfigFile, configFile, configJsonSchema } from './schema.ts'
import { readYaml, type YamlDocument } from './yaml-document.ts'

export interface ParsedConfig {
  readonly fileName: string
  readonly config: ConfigFile
  /** Line of a place in the document, or of the nearest place around it. */
  readonly lineOf: (path: Path) => number | undefined
}

/**
 * Throws InvalidConfiguration (TG1200) with every problem of the file: TG1201 no YAML, TG1202 unknown key, TG1203 missing
 * key, TG1204 wrong type or value.
 */
export function parseConfig(text: string, fileName: string): ParsedConfig {
  const document = readYaml(text, fileName)
  const read = configFile.safeParse(document.value, { error: expectation })
  if (read.success) return { fileName, config: read.data, lineOf: document.lineOf }
  const problems = read.error.issues.flatMap((issue) => problemsOf(issue, document))
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  throw new InvalidConfiguration(fileName, problems)
}

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

/** What a field expects, where its schema does not say so in words of its own. */
const expectation: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return `expected ${TYPES[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.map((value) => `\`${String(value)}\``).join(' or ')}`
  return undefined
}

function problemsOf(issue: z.core.$ZodIssue, { value, lineOf }: YamlDocument): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path)
    return issue.keys.map((key) => ({
      code: 'TG1202',
      path: [...path, key],
      line: lineOf([...path, key]),
      message: `\`${pathText([...path, key])}\` is no known key: ${suggestion(key, known)}`,
    }))
  }
  if (issue.code === 'invalid_key') {
    const message = `\`${pathText(path)}\` is no name for this: expected a letter or digit, then letters, digits, \`-\` and \`_\`, at most 64`
    return [{ code: 'TG1204', path, line: lineOf(path), message }]
  }
  const found = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], value)
  const where = path.length === 0 ? 'the file' : `\`${pathText(path)}\``
  if (found === undefined)
    return [{ code: 'TG1203', path, line: lineOf(path), message: `${where} is missing: ${issue.message}` }]
  return [
    { code: 'TG1204', path, line: lineOf(path), message: `${where} is \`${valueText(found)}\`: ${issue.message}` },
  ]
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value !== null && typeof value === 'object') return 'a mapping'
  return value === null ? 'empty' : shown(String(value).slice(0, 80))
}

interface SchemaNode {
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  items?: SchemaNode
  anyOf?: SchemaNode[]
}

/** Keys that the schema knows at a place, found in its JSON Schema. */
function knownKeys(path: Path): string[] {
  let node: SchemaNode | undefined = objectOf(configJsonSchema() as SchemaNode)
  for (const part of path) {
    const free = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined
    node = objectOf((typeof part === 'number' ? node?.items : (node?.properties?.[part] ?? free)) ?? {})
  }
  return Object.keys(node?.properties ?? {})
}

const objectOf = (node: SchemaNode): SchemaNode =>
  node.anyOf?.find((one) => one.properties ?? one.additionalProperties ?? one.items) ?? node
