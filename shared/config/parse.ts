/** Reads the YAML file and refuses, with line and number, whatever its shape does not allow. */
import { withOurKeys } from './odp/in-our-file.ts'
import { InvalidConfiguration, type Path } from './problems.ts'
import { type ConfigFile, configFile, configJsonSchema } from './schema.ts'
import { expectation, problemsOf } from './shape-problems.ts'
import { readYaml } from './yaml-document.ts'

export interface ParsedConfig {
  readonly fileName: string
  readonly config: ConfigFile
  /** Line of a place in the document, or of the nearest place around it. */
  readonly lineOf: (path: Path) => number | undefined
}

/**
 * Throws InvalidConfiguration (TG1200) with every problem of the file: TG1201 no YAML, TG1202 unknown key, TG1203 missing
 * key, TG1204 wrong type or value, TG1234 two keys for one setting.
 */
export function parseConfig(text: string, fileName: string): ParsedConfig {
  const { problems: inTheirs, ...document } = withOurKeys(readYaml(text, fileName))
  const read = configFile.safeParse(document.value, { error: expectation })
  if (read.success && inTheirs.length === 0) return { fileName, config: read.data, lineOf: document.lineOf }
  const inOurs = read.success ? [] : read.error.issues.flatMap((issue) => problemsOf(issue, document, knownKeys))
  const problems = [...inTheirs, ...inOurs]
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  throw new InvalidConfiguration(fileName, problems)
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
