/** The tables that a file names: braces expanded, `schema.table` split, and nobody's name taken twice. */
import { ledgerKey } from '../contracts/primitives.ts'
import { ledgerKeyOf } from '../files/ledger-key.ts'
import { shown } from '../files/shown.ts'
import { expandNames } from './expand-names.ts'
import { type Layer, layerOf } from './layers.ts'
import type { ParsedConfig } from './parse.ts'
import type { Path, Problem } from './problems.ts'

export const MOST_TABLES = 100_000

export interface NamedTable {
  /** `schema.table` as written. */
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly ledgerKey: string
  /** Its own block, then the block with braces that names it too. */
  readonly layers: readonly Layer[]
  /** Where to send the reader. */
  readonly path: Path
}

interface Block {
  readonly key: string
  readonly path: Path
  readonly layer: Layer
  readonly isFamily: boolean
}

/** Problems TG1212 (braces, too many), TG1213 (a name, or a name given twice), TG1214 (one ledger key for two tables). */
export function namedTables({ config, lineOf }: ParsedConfig): { tables: NamedTable[]; problems: Problem[] } {
  const problems: Problem[] = []
  const report = (code: Problem['code'], path: Path, message: string) =>
    problems.push({ code, path, line: lineOf(path), message })

  const blocksOf = new Map<string, Block[]>()
  let room = MOST_TABLES
  for (const [key, settings] of Object.entries(config.tables ?? {})) {
    const path = ['tables', key]
    const expansion = expandNames(key)
    if ('error' in expansion) {
      report('TG1212', path, `\`${shown(key)}\` ${expansion.error}`)
      continue
    }
    room -= expansion.size
    if (room < 0) {
      report('TG1212', path, `\`${shown(key)}\` makes more than ${MOST_TABLES} tables: split the file over deployments`)
      break
    }
    const block = { key, path, layer: layerOf(`tables.${key}`, settings ?? {}), isFamily: key.includes('{') }
    for (const name of expansion.names()) {
      const blocks = blocksOf.get(name)
      if (blocks) blocks.push(block)
      else blocksOf.set(name, [block])
    }
  }
  const tables = [...blocksOf].flatMap(([name, blocks]) => namedTable(name, blocks, report) ?? [])
  return { tables: withoutCollisions(tables, report), problems }
}

type Report = (code: Problem['code'], path: Path, message: string) => void

function namedTable(name: string, blocks: readonly Block[], report: Report): NamedTable | undefined {
  const families = blocks.filter((block) => block.isFamily)
  const [family, other] = families
  if (family && other) {
    const message = `\`${shown(name)}\` is named by \`${shown(family.key)}\` and by \`${shown(other.key)}\`: name it in one of them`
    report('TG1213', other.path, message)
    return undefined
  }
  const own = blocks.find((block) => !block.isFamily)
  const path = (own ?? family)?.path ?? []
  const dot = name.indexOf('.')
  const [schema, table] = [name.slice(0, dot), name.slice(dot + 1)]
  const key = ledgerKeyOf(schema, table)
  if (dot < 1 || table === '' || !ledgerKey.safeParse(key).success) {
    const message = `\`${shown(name)}\` is no \`schema.table\` of at most 255 characters without slashes: correct the name`
    report('TG1213', path, message)
    return undefined
  }
  const layers = [own, family].flatMap((block) => (block ? [block.layer] : []))
  return { name, schema, table, ledgerKey: key, layers, path }
}

function withoutCollisions(tables: readonly NamedTable[], report: Report): NamedTable[] {
  const byKey = new Map<string, NamedTable>()
  for (const table of tables) {
    const first = byKey.get(table.ledgerKey)
    if (!first) byKey.set(table.ledgerKey, table)
    else {
      const message = `\`${shown(table.name)}\` and \`${shown(first.name)}\` are both \`${shown(table.ledgerKey)}\` in the ledger: keep one, or land the other under another schema folder`
      report('TG1214', table.path, message)
    }
  }
  return [...byKey.values()]
}
