/**
 * Reads the framework's manifests: JSON with one item or a list of them, or what `aws dynamodb scan` prints of its two tables.
 * Nothing in them is evaluated, and a key that nobody knows is refused.
 */
import { InvalidConfiguration, type Path, type Problem } from '../problems.ts'
import { expectation, problemsOf } from '../shape-problems.ts'
import { readYaml, type YamlDocument } from '../yaml-document.ts'
import { BATCH_KEYS, type OdpBatch, type OdpTable, odpBatch, odpTable, TABLE_KEYS } from './keys.ts'

/** Where an item stands, for messages. */
export interface Placed<Item> {
  readonly item: Item
  readonly fileName: string
  readonly line: number | undefined
}

export interface Manifests {
  readonly batches: readonly Placed<OdpBatch>[]
  readonly tables: readonly Placed<OdpTable>[]
}

/** Throws InvalidConfiguration (TG1200) with every problem of the file: TG1201 no JSON, TG1202 unknown key, TG1203, TG1204. */
export function readManifests(text: string, fileName: string): Manifests {
  // JSON is YAML: so every problem has its line, and a key that is there twice is one.
  const document = readYaml(text, fileName)
  const problems: Problem[] = []
  const batches: Placed<OdpBatch>[] = []
  const tables: Placed<OdpTable>[] = []
  for (const [path, value] of itemsOf(document.value)) {
    const line = document.lineOf(path)
    const here: YamlDocument = { value, lineOf: (inner) => document.lineOf([...path, ...inner]) }
    const isTable = value !== null && typeof value === 'object' && Object.keys(value).some(isTableKey)
    if (isTable) {
      const read = odpTable.safeParse(value, { error: expectation })
      if (read.success) tables.push({ item: read.data, fileName, line })
      else
        problems.push(...read.error.issues.flatMap((issue) => problemsOf(issue, here, () => Object.keys(TABLE_KEYS))))
    } else {
      const read = odpBatch.safeParse(value, { error: expectation })
      if (read.success) batches.push({ item: read.data, fileName, line })
      else
        problems.push(...read.error.issues.flatMap((issue) => problemsOf(issue, here, () => Object.keys(BATCH_KEYS))))
    }
  }
  if (problems.length > 0) throw new InvalidConfiguration(fileName, problems)
  return { batches, tables }
}

const isTableKey = (key: string): boolean => key === 'source_table_name' || /^(raw|hudi|table)_/.test(key)

/** One item, a list, or a scan's `Items`. */
function itemsOf(value: unknown): [Path, unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [[index], item])
  const scanned = (value as { Items?: unknown } | null)?.Items
  if (Array.isArray(scanned)) return scanned.map((item, index) => [['Items', index], fromDynamoDb(item)])
  return [[[], value]]
}

/** `{ "S": "Y" }` → `Y`; what has no such type stays as it is. */
function fromDynamoDb(item: unknown): unknown {
  if (item === null || typeof item !== 'object') return item
  return Object.fromEntries(Object.entries(item).map(([key, value]) => [key, plain(value)]))
}

function plain(value: unknown): unknown {
  const entries = value !== null && typeof value === 'object' ? Object.entries(value) : []
  const [type, inner] = entries.length === 1 ? (entries[0] ?? []) : []
  return type === 'S' || type === 'N' || type === 'BOOL' ? inner : value
}
