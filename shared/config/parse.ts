/** Reads the YAML file and refuses, with line and number, whatever its shape does not allow. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { messageOf } from '../errors.ts'
import { shown } from '../files/shown.ts'
import { suggestion } from './nearest.ts'
import { InvalidConfiguration, type Path, type Problem, pathText } from './problems.ts'
import { type ConfigFile, configFile, configJsonSchema } from './schema.ts'

export interface ParsedConfig {
  readonly fileName: string
  readonly config: ConfigFile
  /** Line of a place in the document, or of the nearest place around it. */
  readonly lineOf: (path: Path) => number | undefined
}

const LONGEST = 8 * 1024 * 1024

/**
 * Throws InvalidConfiguration (TG1100) with every problem of the file: TG1101 no YAML, TG1102 unknown key, TG1103 missing
 * key, TG1104 wrong type or value.
 */
export function parseConfig(text: string, fileName: string): ParsedConfig {
  const document = readYaml(text, fileName)
  const read = configFile.safeParse(document.value, { error: expectation })
  if (read.success) return { fileName, config: read.data, lineOf: document.lineOf }
  const problems = read.error.issues.flatMap((issue) => problemsOf(issue, document))
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  throw new InvalidConfiguration(fileName, problems)
}

interface YamlDocument {
  readonly value: unknown
  readonly lineOf: (path: Path) => number | undefined
}

function readYaml(text: string, fileName: string): YamlDocument {
  const refuse = (message: string, line?: number): Problem => ({ code: 'TG1101', path: [], line, message })
  if (text.length > LONGEST)
    throw new InvalidConfiguration(fileName, [refuse('is longer than 8 MiB: use patterns, and braces in table names')])
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const wrong = [...document.errors, ...document.warnings].map((error) =>
      refuse(
        `is not YAML as we read it (${shown(error.message)}): correct the syntax`,
        lines.linePos(error.pos[0]).line,
      ),
    )
    if (wrong.length > 0) throw new InvalidConfiguration(fileName, wrong)
    return { value: document.toJS({ maxAliasCount: 1000 }), lineOf: lineFinder(document.contents, lines) }
  } catch (error) {
    if (error instanceof InvalidConfiguration) throw error
    // The parser recurses, and follows aliases: what nests or multiplies without end is thrown, not reported.
    throw new InvalidConfiguration(fileName, [
      refuse(`can't be read (${shown(messageOf(error))}): nest less, use fewer aliases`),
    ])
  }
}

const idOf = (path: Path): string => JSON.stringify(path)

function lineFinder(contents: Node | null, lines: LineCounter): (path: Path) => number | undefined {
  let index: Map<string, number> | undefined
  return (path) => {
    index ??= lineIndex(contents, lines)
    for (let length = path.length; length >= 0; length--) {
      const line = index.get(idOf(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return undefined
  }
}

function lineIndex(contents: Node | null, lines: LineCounter): Map<string, number> {
  const index = new Map<string, number>()
  const note = (path: Path, node: unknown) => {
    const at = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
    if (at !== undefined) index.set(idOf(path), lines.linePos(at).line)
  }
  const walk = (node: unknown, path: Path) => {
    if (isMap(node))
      for (const { key, value } of node.items) {
        const inner = [...path, isScalar(key) ? String(key.value ?? '') : String(key)]
        note(inner, key)
        walk(value, inner)
      }
    else if (isSeq(node))
      for (const [position, item] of node.items.entries()) {
        note([...path, position], item)
        walk(item, [...path, position])
      }
  }
  note([], contents)
  walk(contents, [])
  return index
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
      code: 'TG1102',
      path: [...path, key],
      line: lineOf([...path, key]),
      message: `\`${pathText([...path, key])}\` is no known key: ${suggestion(key, known)}`,
    }))
  }
  if (issue.code === 'invalid_key') {
    const message = `\`${pathText(path)}\` is no name for this: expected a letter or digit, then letters, digits, \`-\` and \`_\`, at most 64`
    return [{ code: 'TG1104', path, line: lineOf(path), message }]
  }
  const found = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], value)
  const where = path.length === 0 ? 'the file' : `\`${pathText(path)}\``
  if (found === undefined)
    return [{ code: 'TG1103', path, line: lineOf(path), message: `${where} is missing: ${issue.message}` }]
  return [
    { code: 'TG1104', path, line: lineOf(path), message: `${where} is \`${valueText(found)}\`: ${issue.message}` },
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
